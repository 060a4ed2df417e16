"""`oe runs delete`: removes the named runs and what only they used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.options import OeError, examples, experience_folder, experience_option
from engine.cli.output.printing import print_json, print_text
from engine.cli.removal import errors_of_removal, print_removal, removal_to_json, take
from engine.cli.stored_run import find_run, run_ids_argument
from engine.log.storage.run_store import RunStore

if TYPE_CHECKING:
    from engine.log.prune.prune import Choice


@click.command(
    "delete",
    epilog=examples(
        ("oe runs delete 4f3a --dry-run", "what would be removed, and its size"),
        ("oe runs delete 4f3a 9a8b", "two runs, and what only they used"),
        ("oe runs delete 4f3a --force", "even if it is pinned, or a resume needs it"),
    ),
)
@run_ids_argument("wanted")
@experience_option
@click.option("--force", is_flag=True, help="Remove runs that are pinned, or that a resume of a kept run needs.")
@click.option("--dry-run", is_flag=True, help="Print what would be removed; remove nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(wanted: tuple[str, ...], path: Path, force: bool, dry_run: bool, as_json: bool) -> int:
    """Delete runs and the files that only they use.

    A RUN-ID is an id, a prefix of one, or `latest`. Removes nothing if one
    of the runs is running, pinned, or needed to resume a run that is kept.
    With --force, a resume of that run executes again what only the deleted
    one completed. What the runs wrote to the state is kept.
    """
    from engine.log.prune.prune import choose, forced

    store = RunStore(experience_folder(path))
    ids = tuple(dict.fromkeys(find_run(store, each) for each in wanted))
    with errors_of_removal("delete again"):
        choice = choose(store, ids)
        reasons = list(_refusals(choice, force=force))
        if reasons:
            raise OeError("\n".join(reasons) + "\nNothing was removed.")
        removal = take(store, forced(choice), dry_run=dry_run)
    if as_json:
        print_json(removal_to_json(choice, removal, dry_run=dry_run))
        return 0
    print_removal(removal, dry_run=dry_run)
    for run_id, kept in choice.needed.items():
        print_text(f"a resume of {kept[:8]} executes again what only {run_id[:8]} completed")
    return 0


def _refusals(choice: Choice, *, force: bool) -> Iterator[str]:
    for run_id in choice.running:
        yield f"run {run_id[:8]} may still be running. Cancel it first: oe cancel {run_id[:8]}"
    if force:
        return
    for run_id in choice.pinned:
        yield f"run {run_id[:8]} is pinned. Unpin it first: oe runs unpin {run_id[:8]}, or use --force."
    for run_id, kept in choice.needed.items():
        yield (
            f"run {run_id[:8]} is needed to resume {kept[:8]}. Delete both, or use --force: then a resume of "
            f"{kept[:8]} executes again what only {run_id[:8]} completed."
        )
