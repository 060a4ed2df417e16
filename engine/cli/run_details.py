"""A run that is looked at afterwards: a row for each node, with the time that it took and when."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.cli.run_table import story
from engine.log.reader import Log
from engine.log.summary import RunSummary
from engine.log.view import NodeView, RunView, parse_timestamp
from engine.log.words import counts_text, duration
from engine.report.signs import SIGNS
from engine.report.words import spent_text, tokens_text

_BAR_WIDTH = 24
_WIDE_ENOUGH = 100
_PIPED_WIDTH = 200


def print_run(log: Log, view: RunView, summary: RunSummary) -> None:
    """Print the run: what it was, its nodes, its sums, and lines of the log that could not be read."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH)
    console.print(Text.assemble((summary.experience, "bold"), f" · run {summary.run_id} · {summary.state.value}"))
    if summary.original_run_id:
        console.print(Text(f"resumes {summary.original_run_id}", "dim"))
    with_bars = console.is_terminal and console.width >= _WIDE_ENOUGH
    console.print(_table(view, with_bars=with_bars))
    parts = [counts_text(summary.counts)]
    if summary.duration_ms is not None:
        parts.append(duration(summary.duration_ms))
    if spent := spent_text(summary.spent):
        parts.append(spent)
    console.print(f"{' · '.join(parts)} · log {log.path}", markup=False, soft_wrap=True)
    for warning in dict.fromkeys(view.warnings):
        console.print(Text(f"! {warning}", "yellow"))
    for problem in log.problems:
        console.print(Text(f"line {problem.line} of the log could not be read: {problem.message}", "yellow"))


def _table(view: RunView, *, with_bars: bool) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "node", "status", "time", *(("when",) if with_bars else ()), "tokens", "what happened"):
        table.add_column(heading, no_wrap=heading not in ("node", "what happened"), overflow="fold")
    for node in view.nodes.values():
        sign, style = SIGNS[node.effective_status()]
        took = duration(node.duration_ms) if node.duration_ms is not None else ""
        table.add_row(
            Text(sign, style),
            Text(node.node_id),
            Text(node.effective_status().value, style),
            Text(took),
            *([Text(_bar(node, view), style)] if with_bars else []),
            Text(tokens_text(node.spent.tokens_in + node.spent.tokens_out)),
            Text(story(node)),
        )
    return table


def _bar(node: NodeView, view: RunView) -> str:
    """Where in the run's time the node ran; a dot for one that was restored or skipped then."""
    whole = view.duration_ms
    if not whole or view.started_at is None or node.ended_at is None:
        return ""
    zero = parse_timestamp(view.started_at)
    end = (parse_timestamp(node.ended_at) - zero).total_seconds() * 1000 / whole
    began = (parse_timestamp(node.started_at) - zero).total_seconds() * 1000 / whole if node.started_at else end
    first = min(int(began * _BAR_WIDTH), _BAR_WIDTH - 1)
    last = max(first + 1, min(round(end * _BAR_WIDTH), _BAR_WIDTH))
    return " " * first + ("━" * (last - first) if node.started_at else "•")
