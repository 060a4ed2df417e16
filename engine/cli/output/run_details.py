"""The table of `oe inspect`: a row for each node, with its duration and when it ran."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich.text import Text

from engine.cli.output.final_values import value_lines
from engine.cli.output.run_table import details
from engine.cli.output.tables import Column, console, print_table
from engine.json_types import Json
from engine.log.events.timestamps import moment
from engine.log.humanize import budget_text, counts_text, duration, tokens_text
from engine.log.reading.reader import Log
from engine.log.reading.summary import RunSummary
from engine.log.reading.view import NodeView, RunView
from engine.log.storage.blobs import BlobLostError, blobs_of
from engine.log.values.large_values import fetched
from engine.report.reasons import reason_lines
from engine.report.status_signs import SIGNS
from engine.report.totals import sums_texts

_BAR_WIDTH = 24
_WIDE_ENOUGH = 100
_COLUMNS = (
    Column(""),
    Column("node", narrowest=12, wraps=True),
    Column("status"),
    Column("time", rank=2),
    Column("when", rank=4),
    Column("tokens", rank=3),
    Column("what happened", rank=1, narrowest=12, wraps=True),
)


def print_run(log: Log, view: RunView, summary: RunSummary) -> None:
    """Print the run: its name, its nodes, totals, final values, reasons, warnings, and unreadable lines of the log."""
    out = console()
    headline = Text.assemble((summary.experience, "bold"), f" · run {summary.run_id} · {summary.outcome}")
    out.print(headline, soft_wrap=True)
    if summary.budget is not None:
        out.print(Text(budget_text(summary.budget), "yellow"), soft_wrap=True)
    if summary.follows is not None:
        out.print(Text(summary.follows, "dim"))
    with_bars = out.is_terminal and out.width >= _WIDE_ENOUGH
    print_table(out, _COLUMNS, list(_rows(view, with_bars=with_bars)))
    parts = [counts_text(summary.counts)]
    if summary.duration_ms is not None:
        parts.append(duration(summary.duration_ms))
    parts += sums_texts(summary)
    out.print(f"{' · '.join(parts)} · log {log.path}", markup=False, soft_wrap=True)
    for value in value_lines(_values(log, view)):
        out.print(value, soft_wrap=True)
    for line in reason_lines(log):
        out.print(Text(line, "dim"), soft_wrap=True)
    for warning in dict.fromkeys(view.warnings):
        out.print(Text(f"! {warning}", "yellow"))
    for problem in log.problems:
        out.print(Text(f"line {problem.line} of the log is unreadable: {problem.message}", "yellow"))


def _values(log: Log, view: RunView) -> dict[str, Json]:
    """What the run wrote, without values that are lost."""
    read, values = blobs_of(log.path).read, {}
    wrote = view.finished.wrote if view.finished is not None else None
    for name, each in (wrote or {}).items():
        with contextlib.suppress(BlobLostError, ValueError):
            values[name] = fetched(each.value, read)
    return values


def _rows(view: RunView, *, with_bars: bool) -> Iterator[tuple[Text | str, ...]]:
    for node in view.nodes.values():
        sign, style = SIGNS[node.effective_status()]
        yield (
            Text(sign, style),
            node.node_id,
            Text(node.effective_status().value, style),
            duration(node.duration_ms) if node.duration_ms is not None else "",
            Text(_bar(node, view), style) if with_bars else "",
            tokens_text(node.spent.tokens_in + node.spent.tokens_out),
            details(node),
        )


def _bar(node: NodeView, view: RunView) -> str:
    """A bar for when the node ran during the run; a dot if it was restored or skipped."""
    total = view.duration_ms
    if not total or view.started_at is None or node.ended_at is None:
        return ""
    start = moment(view.started_at)
    end = (moment(node.ended_at) - start).total_seconds() * 1000 / total
    began = (moment(node.started_at) - start).total_seconds() * 1000 / total if node.started_at else end
    first = min(int(began * _BAR_WIDTH), _BAR_WIDTH - 1)
    last = max(first + 1, min(round(end * _BAR_WIDTH), _BAR_WIDTH))
    return " " * first + ("━" * (last - first) if node.started_at else "•")
