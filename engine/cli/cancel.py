"""`oe cancel`: ask a run to end."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.options import OeError, experience_folder, experience_option
from engine.log.cancel_file import request_cancel
from engine.log.store import RunNotFoundError, RunStore


@click.command("cancel", epilog="Example: `oe cancel 4f3a1b2c`")
@click.argument("wanted", metavar="RUN-ID")
@experience_option
def command(wanted: str, path: Path) -> int:
    """Ask the run RUN-ID (an id or the beginning of one) to end.

    Nothing more begins; what is running is stopped and the log gets its end.
    Asking twice, or ten seconds, ends it without waiting. A cancelled run can
    be taken up again with `oe resume`.
    """
    store = RunStore(experience_folder(path))
    try:
        run_id = store.find(wanted)
    except RunNotFoundError as error:
        raise OeError(str(error)) from error
    if not request_cancel(store, run_id):
        raise OeError(f"run {run_id} is not running")
    click.echo(f"asked run {run_id} to end")
    return 0
