"""`oe runs`: list the runs of an experience."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

import click

from engine.cli.options import examples, experience_folder, experience_option
from engine.cli.prune import command as prune
from engine.cli.saying import say, say_json
from engine.log.index import read_summaries
from engine.log.store import RunStore
from engine.log.summary import RunSummary
from engine.log.tallies import Sums
from engine.log.words import age, counts_text, duration


@click.group(
    "runs",
    invoke_without_command=True,
    subcommand_metavar="[prune]",
    epilog=examples(
        ("oe runs -n 5", "the newest five"),
        ("oe runs --json | jq '.[0].runId'", "the id of the newest"),
        ("oe runs prune --keep 20", "remove all but the newest 20"),
    ),
)
@experience_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("-n", "--limit", type=click.IntRange(min=1), default=20, help="How many, newest first.  [default: 20]")
@click.pass_context
def command(ctx: click.Context, path: Path, as_json: bool, limit: int) -> int | None:
    """List the runs of an experience, the newest first.

    A run is success, failure, cancelled or waiting when it ended; running
    while its process lives, interrupted when that died without an end.
    """
    if ctx.invoked_subcommand is not None:
        if (path, as_json, limit) != (Path(), False, 20):
            raise click.UsageError(f"options stand after the command: oe runs {ctx.invoked_subcommand} --…", ctx)
        return None
    store = RunStore(experience_folder(path))
    ids = store.run_ids()[:limit]
    runs = read_summaries(store, ids)
    listed = {run.run_id for run in runs}
    for run_id in ids:
        if run_id in listed or not store.log(run_id).exists():  # pruned meanwhile
            continue
        say(f"oe: {store.log(run_id)} cannot be read and is left out", err=True)
    if as_json:
        say_json([_to_json(run) for run in runs])
        return 0
    if not runs:
        say(f"no runs in {store.runs}. `oe run` starts one.")
        return 0
    _print_table(runs, datetime.now(timezone.utc))
    return 0


command.add_command(prune)


def _print_table(runs: list[RunSummary], now: datetime) -> None:
    from engine.cli.tables import Column, print_table, terminal

    columns = (
        Column("run"),
        Column("status", narrowest=9),
        Column("started", rank=1),
        Column("nodes", rank=2),
        Column("duration", rank=3),
        Column("spent", rank=5),
        Column("inherited", rank=7),
        Column("with resumed", rank=6),
        Column("resumes", rank=4),
    )
    rows = []
    for run in runs:
        status = f"{run.state.value} at {run.failed_at}" if run.failed_at else run.state.value
        took = duration(run.duration_ms) if run.duration_ms is not None else ""
        resumed = run.original_run_id[:8] if run.original_run_id else ""
        costs = [_cost(sums.cost_usd) for sums in (run.spent, run.inherited)]
        costs.append(_cost(run.lineage.cost_usd) if run.original_run_id else "")
        rows.append((run.short_id, status, age(run.started_at, now), counts_text(run.counts), took, *costs, resumed))
    print_table(terminal(), columns, rows)


def _cost(usd: float | None) -> str:
    if usd is None:
        return "unknown"
    return f"${usd:.4f}" if usd else ""


def _to_json(run: RunSummary) -> dict[str, object]:
    return {
        "runId": run.run_id,
        "status": run.state.value,
        "startedAt": run.started_at.isoformat(),
        "counts": asdict(run.counts),
        "nodes": run.total,
        "durationMs": run.duration_ms,
        "failedAt": run.failed_at,
        "costUsd": run.spent.cost_usd,
        "spent": _sums_to_json(run.spent),
        "inherited": _sums_to_json(run.inherited),
        "lineage": _sums_to_json(run.lineage),
        "originalRunId": run.original_run_id,
    }


def _sums_to_json(sums: Sums) -> dict[str, object]:
    return {"costUsd": sums.cost_usd, "tokensIn": sums.tokens_in, "tokensOut": sums.tokens_out}
