"""`oe runs`: lists the runs of an experience."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import click

from engine.cli.commands.delete import command as delete
from engine.cli.commands.pin import pin_command, unpin_command
from engine.cli.commands.prune import command as prune
from engine.cli.options import examples, experience_folder, experience_option
from engine.cli.output.printing import print_json, print_text
from engine.cli.output.run_list import run_list
from engine.cli.output.tables import output_width
from engine.log.reading.index import read_summaries
from engine.log.reading.summary_json import summary_to_json
from engine.log.storage.run_store import RunStore

_LIMIT = 20


@click.group(
    "runs",
    invoke_without_command=True,
    subcommand_metavar="[prune|delete|pin|unpin]",
    epilog=examples(
        ("oe runs -n 5", "the newest five runs"),
        ("oe runs --json | jq '.[0].runId'", "the id of the newest run"),
        ("oe runs prune --keep 20", "remove all but the newest 20"),
        ("oe runs pin 4f3a", "keep a run from being pruned"),
    ),
)
@experience_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), default=_LIMIT, help=f"The number of runs.  [default: {_LIMIT}]"
)
@click.pass_context
def command(ctx: click.Context, path: Path, as_json: bool, limit: int) -> int | None:
    """List the runs of an experience, the newest first.

    A run that has ended is success, failure, cancelled or waiting. Others
    are running while their process lives, and interrupted once it is dead.
    """
    if ctx.invoked_subcommand is not None:
        if (path, as_json, limit) != (Path(), False, _LIMIT):
            raise click.UsageError(f"put options after the command: oe runs {ctx.invoked_subcommand} --…", ctx)
        return None
    store = RunStore(experience_folder(path))
    ids = store.run_ids()[:limit]
    runs = read_summaries(store, ids)
    listed = {run.run_id for run in runs}
    for run_id in ids:
        if run_id in listed or not store.log(run_id).exists():  # pruned meanwhile
            continue
        print_text(f"oe: {store.log(run_id)} cannot be read; skipped", err=True)
    pinned = store.pinned_ids()
    if as_json:
        print_json([{**summary_to_json(run), "pinned": run.run_id in pinned} for run in runs])
    elif runs:
        print_text(run_list(runs, pinned, datetime.now(timezone.utc), output_width()), end="")
    else:
        print_text(f"no runs in {store.runs}. `oe run` starts one.")
    return 0


for each in (prune, delete, pin_command, unpin_command):
    command.add_command(each)
