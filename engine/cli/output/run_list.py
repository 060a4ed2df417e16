"""The table of `oe runs`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from engine.cli.output.tables import Column, plain_table
from engine.log.humanize import age, counts_text, duration, money
from engine.log.reading.summary import RunSummary

_COLUMNS = (
    Column("run"),
    Column("status", narrowest=9),
    Column("started", rank=1),
    Column("nodes", rank=2),
    Column("duration", rank=3),
    Column("spent", rank=5),
    Column("inherited", rank=7),
    Column("with resumed", rank=6),
    Column("resumes", rank=4),
    Column("pinned", rank=8),
)


def run_list(runs: Sequence[RunSummary], pinned: Collection[str], now: datetime, width: int) -> str:
    """A line for each run below the headings, in at most `width` columns. `pinned` are ids."""
    return plain_table(_COLUMNS, [_cells(run, run.run_id in pinned, now) for run in runs], width)


def _cells(run: RunSummary, is_pinned: bool, now: datetime) -> tuple[str, ...]:
    return (
        run.short_id,
        run.status_text,
        age(run.started_at, now),
        counts_text(run.counts),
        "" if run.duration_ms is None else duration(run.duration_ms),
        _cost(run.spent.cost_usd),
        _cost(run.inherited.cost_usd),
        _cost(run.lineage.cost_usd) if run.original_run_id and run.kind is None else "",
        (run.original_run_id or "")[:8],
        "pinned" if is_pinned else "",
    )


def _cost(usd: float | None) -> str:
    return "unknown" if usd is None else money(usd)
