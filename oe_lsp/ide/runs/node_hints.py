"""Inlay hints: after the id of each node, how it went in the shown run, and whether it would run again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from engine.log.events.timestamps import moment
from engine.log.humanize import about_money, duration, shortened
from engine.log.reading.view import NodeStatus, NodeView
from engine.syntax import View
from engine.visible import visible
from oe_lsp.ide.document.vertex_places import vertex_places
from oe_lsp.ide.runs.planned_run import PlannedNode
from oe_lsp.ide.runs.shown_run import ShownRun

_LONGEST_TEXT = 60
_WOULD_RUN = frozenset({"will run", "will run if its predecessors succeed"})
_ENDED_WELL = frozenset({NodeStatus.COMPLETED, NodeStatus.CACHED})


class NodeHint(Struct, frozen=True):
    """A hint at the end of the id of a vertex."""

    offset: int
    label: str
    node_id: str


def node_hints(root: View | None, run: ShownRun, now: datetime) -> Iterator[NodeHint]:
    """Yield a hint for each vertex of the text that the run or its plan knows."""
    planned = {node.node_id: node for node in run.plan.nodes} if run.plan is not None else {}
    for place in vertex_places(root):
        node = run.view.nodes.get(place.id)
        label = node_label(node, planned.get(place.id), now, is_running=run.summary.is_running)
        if label:
            yield NodeHint(place.name_span.end, label, place.id)


def node_label(node: NodeView | None, planned: PlannedNode | None, now: datetime, *, is_running: bool) -> str:
    """The hint: `✓ 4.2 s · $0.01`, `⟳ 12 s · calling claude`, `≋ would run again: prompt changed` …; empty if there is
    nothing to say.
    """
    if node is None or node.status is NodeStatus.PENDING:
        return "○ new" if planned is not None and node is None else ""
    status = node.effective_status()
    if planned is not None and status in _ENDED_WELL and planned.answer in _WOULD_RUN:
        return _joined(f"≋ would run again{_reason(planned)}", _items(node))
    if status is NodeStatus.RUNNING:
        return _running(node, now) if is_running else "■ interrupted"
    if status is NodeStatus.FAILED:
        return _joined(_failed(node), _items(node), _changed_since(planned))
    return _joined(_ENDED[status], *(_details(node) if status is NodeStatus.COMPLETED else ()), _items(node))


_ENDED = {
    NodeStatus.COMPLETED: "✓",
    NodeStatus.CACHED: "↺ restored",
    NodeStatus.SKIPPED: "○ skipped",
    NodeStatus.CANCELLED: "■ cancelled",
}


def _running(node: NodeView, now: datetime) -> str:
    took = (now - moment(node.started_at)).total_seconds() * 1000 if node.started_at is not None else 0.0
    return _joined(f"⟳ {_seconds(took)}", _items(node), _line(node.activity))


def _failed(node: NodeView) -> str:
    # Of a group, the parts that failed are told instead.
    return "✗ failed" if node.error is None or node.items is not None else f"✗ {_line(node.error.message)}"


def _changed_since(planned: PlannedNode | None) -> str:
    return "≋ changed since" if planned is not None and not planned.fails_again else ""


def _details(node: NodeView) -> tuple[str, str]:
    took = duration(node.duration_ms) if node.duration_ms is not None else ""
    return took, about_money(node.spent.cost_usd or 0.0)


def _reason(planned: PlannedNode) -> str:
    """`: prompt changed`: the first reason, without what follows the part's kind."""
    if not planned.reasons:
        return ""
    more = f" and {len(planned.reasons) - 1} more" if len(planned.reasons) > 1 else ""
    return f": {_line(planned.reasons[0])}{more}"


def _items(node: NodeView) -> str:
    """`37/50 · 2 failed` for a fan-out and the like."""
    if node.items is None:
        return ""
    failed = node.item_counts[NodeStatus.FAILED]
    return _joined(f"{node.items_ended}/{node.items}", f"{failed} failed" if failed else "")


def _seconds(milliseconds: float) -> str:
    """Whole seconds: a hint that is refreshed once a second must not claim more."""
    return duration(milliseconds) if milliseconds >= 60_000 else f"{max(0.0, milliseconds) // 1000:.0f} s"


def _line(text: str | None) -> str:
    lines = visible(text or "").strip().splitlines()
    return shortened(lines[0], _LONGEST_TEXT) if lines else ""


def _joined(*parts: str) -> str:
    """`✓ 4.2 s · $0.01`: a sign and its words stay together."""
    sign, *details = [part for part in parts if part] or [""]
    if sign == "✓" and details:
        sign, *details = f"{sign} {details[0]}", *details[1:]
    return " · ".join([sign, *details])
