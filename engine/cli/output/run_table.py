"""The live table of a run: node, status, time, tokens and activity. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from engine.log.events.timestamps import moment
from engine.log.humanize import counts_text, duration, spent_text, tokens_text
from engine.log.reading.view import ENDED, NodeStatus, NodeView, RunView
from engine.report.status_signs import SIGNS

_URGENT = frozenset({NodeStatus.RUNNING, NodeStatus.FAILED, NodeStatus.CANCELLED})


def run_table(
    view: RunView, tokens: Mapping[str, int], now: datetime, *, rows: int, wrap: bool = False
) -> RenderableType:
    """The run at the time `now`, with at most `rows` nodes and a line that counts the others.

    `tokens` are those of each node so far. If there are too many nodes, those that are running, failed or ended last
    are shown, in topological order. `wrap` wraps long messages instead of cutting them.
    """
    nodes = list(view.nodes.values())
    shown = _most_relevant(nodes, rows)
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1), expand=True)
    table.add_column(width=1)
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=32)
    table.add_column(no_wrap=True, width=9)
    table.add_column(no_wrap=True, justify="right", min_width=8)
    table.add_column(no_wrap=True, justify="right")
    table.add_column(no_wrap=not wrap, overflow="fold" if wrap else "ellipsis", ratio=1)
    for node in shown:
        status = node.effective_status()
        sign, style = SIGNS[status]
        table.add_row(
            Text(sign, style),
            Text(node.node_id, "" if status is not NodeStatus.PENDING else "dim"),
            Text(status.value, style),
            Text(_time(node, now)),
            Text(tokens_text(tokens.get(node.node_id, 0)), "dim"),
            Text(details(node), style if node.error else "dim"),
        )
    hidden = _hidden(nodes, shown)
    return Group(table, Text(hidden, "dim")) if hidden else table


def progress_line(view: RunView, now: datetime) -> Text:
    """The progress of the run: `4/7 nodes · 2 cached, 2 completed · 12.3 s · $0.0123`."""
    parts = [f"{view.ended}/{view.total} nodes"]
    if view.ended:
        parts.append(counts_text(view.counts))
    if view.started_at is not None:
        parts.append(duration((now - moment(view.started_at)).total_seconds() * 1000))
    if spent := spent_text(view.spent):
        parts.append(spent)
    return Text(" · ".join(parts))


def details(node: NodeView) -> str:
    """The error of a node, or its reason, or its items and its activity."""
    if node.error is not None:
        return node.error.message
    if node.reason is not None:
        return node.reason
    parts = []
    if node.items is not None:
        failed = node.item_counts[NodeStatus.FAILED]
        parts.append(f"{node.items_ended}/{node.items} items" + (f", {failed} failed" if failed else ""))
    if node.activity:
        parts.append(node.activity)
    return " · ".join(parts)


def _most_relevant(nodes: list[NodeView], rows: int) -> list[NodeView]:
    """Running and failed nodes, then those that ended last and those that are next; in topological order."""
    if len(nodes) <= rows:
        return nodes
    urgent = [node for node in nodes if node.status in _URGENT]
    ended = [node for node in nodes if node.status in ENDED - _URGENT]
    ended.sort(key=lambda node: node.ended_at or "", reverse=True)
    waiting = [node for node in nodes if node.status is NodeStatus.PENDING]
    half = max(0, rows - len(urgent)) // 2
    chosen = [*urgent, *ended[:half], *waiting, *ended[half:]][:rows]
    names = {node.node_id for node in chosen}
    return [node for node in nodes if node.node_id in names]


def _hidden(nodes: Iterable[NodeView], shown: Iterable[NodeView]) -> str:
    names = {node.node_id for node in shown}
    counts = Counter(node.effective_status() for node in nodes if node.node_id not in names)
    if not counts:
        return ""
    return "… and " + ", ".join(f"{number} {status.value}" for status, number in counts.items())


def _time(node: NodeView, now: datetime) -> str:
    if node.status is NodeStatus.RUNNING and node.started_at is not None:
        return duration(max(0.0, (now - moment(node.started_at)).total_seconds() * 1000))
    if node.status in ENDED and node.duration_ms is not None:
        return duration(node.duration_ms)
    return ""
