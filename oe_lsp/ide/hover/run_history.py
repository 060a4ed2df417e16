"""What a hover can ask about the run that the text shows. Whoever answers reads only what is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from engine.experience.model import Merge, Node
from engine.expressions import Path
from engine.log.reading.view import NodeStatus
from engine.report.node_facts import FieldFacts, NodeFacts
from oe_lsp.ide.runs.shown_run import ShownRun


class PastExecution(Struct, frozen=True):
    """A node in one of the last runs: its status, and when it ended or, if it did not, the run began."""

    run_id: str
    status: NodeStatus
    is_running: bool
    at: datetime
    duration_ms: float | None = None


class NodeHistory(Struct, frozen=True):
    """A node in the shown run, None if that does not know it, and in the last runs, the newest first."""

    facts: NodeFacts | None
    past: Sequence[PastExecution] = ()


class Inserted(Struct, frozen=True):
    """The text that a placeholder last had; `item` is the index of the item it was for, in a fan-out or pipeline."""

    text: str
    item: int | None = None


class RunHistory(Protocol):
    """The answers about one experience. They may block, and never raise: what cannot be read is not there."""

    @property
    def run(self) -> ShownRun:
        """The run that the text shows."""

    @property
    def now(self) -> datetime:
        """The time that ages are counted from."""

    def node(self, node_id: str) -> NodeHistory:
        """What is known of a node."""

    def field(self, name: str, merge: Merge) -> FieldFacts | str | None:
        """The last value of a state field; a text that says why it cannot be shown; None if it never had one."""

    def inserted(self, node: Node, path: Path) -> Inserted | None:
        """The text that a placeholder with this path last had in the prompt of a node."""
