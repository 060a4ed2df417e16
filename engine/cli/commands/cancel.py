"""`oe cancel`: cancels a run."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.options import OeError, examples, experience_folder, experience_option
from engine.cli.stored_run import find_run, run_id_argument
from engine.log.storage.cancel_file import request_cancel
from engine.log.storage.run_store import RunStore


@click.command(
    "cancel",
    epilog=examples(
        ("oe cancel latest", "the newest run"),
        ("oe cancel 4f3a --experience examples/city-report", "a run of another experience"),
    ),
)
@run_id_argument("wanted")
@experience_option
def command(wanted: str, path: Path) -> int:
    """Cancel the run RUN-ID: an id, a prefix of one, or `latest`.

    Starts no more nodes and stops those that are running; after ten
    seconds, or if you cancel again, it kills them. `oe resume` resumes a
    cancelled run.
    """
    store = RunStore(experience_folder(path))
    run_id = find_run(store, wanted)
    if not request_cancel(store, run_id):
        raise OeError(f"run {run_id} is not running")
    click.echo(f"cancelling run {run_id}")
    return 0
