"""`oe runs pin` and `oe runs unpin`: which runs a prune keeps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from engine.cli.options import OeError, examples, experience_folder, experience_option
from engine.cli.stored_run import find_run, run_ids_argument
from engine.log.storage.pin_file import pin, unpin
from engine.log.storage.run_store import RunStore


@click.command(
    "pin",
    epilog=examples(
        ("oe runs pin latest", "keep the newest run"),
        ("oe runs pin 4f3a 9a8b", "keep two runs"),
    ),
)
@run_ids_argument("wanted")
@experience_option
def pin_command(wanted: tuple[str, ...], path: Path) -> int:
    """Keep runs from being pruned.

    A RUN-ID is an id, a prefix of one, or `latest`. A pinned run, and what a
    resume of it needs, stays until it is unpinned or deleted by force.
    """
    return _each(wanted, path, pin, "pinned")


@click.command("unpin", epilog=examples(("oe runs unpin 4f3a", "let a prune remove it again")))
@run_ids_argument("wanted")
@experience_option
def unpin_command(wanted: tuple[str, ...], path: Path) -> int:
    """Let runs be pruned again that were pinned."""
    return _each(wanted, path, unpin, "unpinned")


def _each(wanted: tuple[str, ...], path: Path, change: Callable[[RunStore, str], None], done: str) -> int:
    store = RunStore(experience_folder(path))
    for run_id in dict.fromkeys(find_run(store, each) for each in wanted):
        try:
            change(store, run_id)
        except OSError as error:
            raise OeError(f"{error.filename}: {error.strerror}") from error
        click.echo(f"{done} run {run_id}")
    return 0
