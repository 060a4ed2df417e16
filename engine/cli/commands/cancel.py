"""`oe cancel`: ask a run to end."""

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
        ("oe cancel 4f3a --experience examples/city-report", "a run of another folder"),
    ),
)
@run_id_argument("wanted")
@experience_option
def command(wanted: str, path: Path) -> int:
    """Ask the run RUN-ID to end: an id, the beginning of one, or `latest`.

    Nothing more begins; what is running is stopped and the log gets its end.
    Asking twice, or ten seconds, ends it without waiting. A cancelled run can
    be taken up again with `oe resume`.
    """
    store = RunStore(experience_folder(path))
    run_id = find_run(store, wanted)
    if not request_cancel(store, run_id):
        raise OeError(f"run {run_id} is not running")
    click.echo(f"asked run {run_id} to end")
    return 0
