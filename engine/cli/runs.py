"""`oe runs`: list the runs of an experience."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

import click

from engine.cli.options import experience_folder, experience_option
from engine.expressions import Json
from engine.log.codec import counts_to_json
from engine.log.store import RunStore
from engine.log.summary import RunSummary, read_summaries
from engine.log.words import age, counts_text, duration
from engine.log.writer import utc_now

_PIPED_WIDTH = 200


@click.command("runs", epilog="Examples: `oe runs` · `oe runs --json | jq '.[0].runId'`")
@experience_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("-n", "--limit", type=click.IntRange(min=1), default=20, help="How many, newest first.  [default: 20]")
def command(path: Path, as_json: bool, limit: int) -> int:
    """List the runs of an experience, the newest first.

    A run is success, failure, cancelled or waiting when it ended; running
    while its process lives, interrupted when that died without an end.
    """
    store = RunStore(experience_folder(path))
    runs = read_summaries(store, store.run_ids()[:limit])
    if as_json:
        click.echo(json.dumps([_to_json(run) for run in runs], indent=2))
        return 0
    if not runs:
        click.echo(f"no runs in {store.runs}. `oe run` starts one.")
        return 0
    _print_table(runs, utc_now())
    return 0


def _print_table(runs: list[RunSummary], now: datetime) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("run", "status", "started", "nodes", "duration", "cost", "resumes"):
        table.add_column(heading, no_wrap=True)
    for run in runs:
        status = f"{run.state.value} at {run.failed_at}" if run.failed_at else run.state.value
        took = duration(run.duration_ms) if run.duration_ms is not None else ""
        resumed = run.original_run_id[:8] if run.original_run_id else ""
        cost = _cost(run.spent.cost_usd)
        table.add_row(run.short_id, status, age(run.started_at, now), counts_text(run.counts), took, cost, resumed)
    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    Console(highlight=False, width=width).print(table)


def _cost(usd: float | None) -> str:
    if usd is None:
        return "unknown"
    return f"${usd:.4f}" if usd else ""


def _to_json(run: RunSummary) -> dict[str, Json]:
    return {
        "runId": run.run_id,
        "status": run.state.value,
        "startedAt": run.started_at.isoformat(),
        "counts": counts_to_json(run.counts),
        "nodes": run.total,
        "durationMs": run.duration_ms,
        "failedAt": run.failed_at,
        "costUsd": run.spent.cost_usd,
        "originalRunId": run.original_run_id,
    }
