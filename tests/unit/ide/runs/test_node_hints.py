"""Inlay hints of nodes (oe_lsp/ide/runs/node_hints.py)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone

import pytest
from msgspec.structs import replace

from engine.log.events.events import Counts, ErrorInfo, Sums
from engine.log.reading.view import NodeStatus, NodeView
from oe_lsp.ide.runs.node_hints import node_label
from oe_lsp.ide.runs.planned_run import PlannedNode

NOW = datetime(2026, 3, 1, 12, 0, 12, tzinfo=timezone.utc)
DONE = NodeView("n", NodeStatus.COMPLETED, duration_ms=4200.0, spent=Sums(0.012, 10, 5))
FAILED = NodeView("n", NodeStatus.FAILED, error=ErrorInfo("Error", "exit 1\nmore"))
FAN_OUT = NodeView(
    "n",
    NodeStatus.RUNNING,
    started_at="2026-03-01T12:00:00.000Z",
    items=50,
    item_counts=Counter({NodeStatus.COMPLETED: 35, NodeStatus.FAILED: 2}),
)
RESTORED = PlannedNode("n", "restored")
WILL_RUN = PlannedNode("n", "will run", ("prompt prompts/a.md changed", "reads.x changed"))
FAILS_AGAIN = PlannedNode("n", "will run", ("failed in the original run: exit 1",), fails_again=True)


@pytest.mark.parametrize(
    ("node", "planned", "label"),
    [
        (DONE, None, "✓ 4.2 s · $0.01"),
        (DONE, RESTORED, "✓ 4.2 s · $0.01"),
        (replace(DONE, spent=Sums()), RESTORED, "✓ 4.2 s"),
        (DONE, WILL_RUN, "≋ would run again: prompt prompts/a.md changed and 1 more"),
        (replace(DONE, status=NodeStatus.CACHED), RESTORED, "↺ restored"),
        (replace(DONE, counts=Counts(cached=3), items=3), RESTORED, "↺ restored · 0/3"),
        (FAILED, FAILS_AGAIN, "✗ exit 1"),
        (FAILED, WILL_RUN, "✗ exit 1 · ≋ changed since"),
        (replace(FAILED, error=None), None, "✗ failed"),
        (NodeView("n", NodeStatus.SKIPPED), None, "○ skipped"),
        (NodeView("n", NodeStatus.CANCELLED), None, "■ cancelled"),
        (NodeView("n"), RESTORED, ""),
        (None, WILL_RUN, "○ new"),
        (None, None, ""),
    ],
)
def test_a_hint_tells_how_a_node_went_and_whether_it_would_run_again(
    node: NodeView | None, planned: PlannedNode | None, label: str
) -> None:
    assert node_label(node, planned, NOW, is_running=False) == label


@pytest.mark.parametrize(
    ("node", "label"),
    [
        (FAN_OUT, "⟳ 12 s · 37/50 · 2 failed"),
        (replace(FAN_OUT, items=None, item_counts=Counter(), activity="calling claude"), "⟳ 12 s · calling claude"),
        (replace(FAN_OUT, items=None, activity="a\x1b[2J" + "x" * 90), "⟳ 12 s · a␛[2J" + "x" * 54 + "…"),
    ],
)
def test_a_hint_of_a_running_node_tells_for_how_long_and_what_it_does(node: NodeView, label: str) -> None:
    assert node_label(node, None, NOW, is_running=True) == label
    assert node_label(node, None, NOW, is_running=False) == "■ interrupted"
