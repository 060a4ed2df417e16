"""The sign and the colour of each status, and the sign of each answer of a plan."""

from __future__ import annotations

from collections.abc import Collection

from engine.cache.decisions.decision import Answer
from engine.log.reading.view import NodeStatus

SIGNS = {
    NodeStatus.PENDING: ("·", "dim"),
    NodeStatus.RUNNING: ("▶", "blue"),
    NodeStatus.COMPLETED: ("✓", "green"),
    NodeStatus.CACHED: ("↺", "cyan"),
    NodeStatus.FAILED: ("✗", "red"),
    NodeStatus.SKIPPED: ("○", "dim"),
    NodeStatus.CANCELLED: ("■", "yellow"),
}
"""By status: one character, and the name of a terminal colour (or `dim`)."""

_PLURALS = {Answer.DEPENDS: "depend", Answer.IF_PREDECESSORS_SUCCEED: "will run if their predecessors succeed"}


def answers_text(answer: Answer, count: int) -> str:
    """How many nodes have an answer: `1 depends`, `2 depend`."""
    return f"{count} {answer.value if count == 1 else _PLURALS.get(answer, answer.value)}"


ANSWER_SIGNS = {
    Answer.RESTORED: "↺",
    Answer.WILL_RUN: "▶",
    Answer.IF_PREDECESSORS_SUCCEED: "▷",
    Answer.DEPENDS: "?",
    Answer.SKIPPED: "○",
}
"""By answer: one character."""

BY_GRAVITY = (
    NodeStatus.FAILED,
    NodeStatus.RUNNING,
    NodeStatus.CANCELLED,
    NodeStatus.COMPLETED,
    NodeStatus.CACHED,
    NodeStatus.SKIPPED,
    NodeStatus.PENDING,
)
"""What a group of executions counts as: the first that one of them has."""


def gravest(statuses: Collection[NodeStatus]) -> NodeStatus:
    """The status of a group of executions."""
    return next((status for status in BY_GRAVITY if status in statuses), NodeStatus.PENDING)
