"""`oe runs prune`: removes old runs and what only they used."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.options import examples, experience_folder, experience_option
from engine.cli.output.printing import print_json, print_text
from engine.cli.removal import errors_of_removal, print_removal, removal_to_json, take
from engine.cli.time_span import TimeSpan
from engine.log.storage.run_store import RunStore

if TYPE_CHECKING:
    from engine.log.prune.prune import Choice, Removal

_SPAN = TimeSpan({"h": 3_600 * 10**9, "d": 86_400 * 10**9, "w": 604_800 * 10**9}, "h, d or w, such as 12h, 30d or 8w")
"""Its value is in nanoseconds."""


@click.command(
    "prune",
    epilog=examples(
        ("oe runs prune --keep 20 --dry-run", "what would be removed, and its size"),
        ("oe runs prune --keep 20", "all but the newest 20"),
        ("oe runs prune --older-than 30d", "runs last written over 30 days ago"),
    ),
)
@experience_option
@click.option("--keep", type=click.IntRange(min=0), metavar="N", help="Remove all but the newest N.")
@click.option("--older-than", type=_SPAN, metavar="SPAN", help="Remove runs not written to for 12h, 30d, 8w.")
@click.option("--dry-run", is_flag=True, help="Print what would be removed; remove nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(path: Path, keep: int | None, older_than: int | None, dry_run: bool, as_json: bool) -> int:
    """Remove old runs and the files that only they use.

    Keeps runs that are running or pinned, and the originals of resumed runs
    that it keeps, until those have restored or completed every node. Also
    keeps what the runs wrote to the state.
    """
    from engine.log.prune.prune import choose

    if (keep is None) == (older_than is None):
        raise click.UsageError("give either --keep N or --older-than SPAN")
    store = RunStore(experience_folder(path))
    wanted = store.run_ids()[keep:] if keep is not None else _written_before(store, time.time_ns() - (older_than or 0))
    with errors_of_removal("prune again"):
        choice = choose(store, wanted)
        removal = take(store, choice, dry_run=dry_run)
    if as_json:
        print_json(removal_to_json(choice, removal, dry_run=dry_run))
    else:
        _print(choice, removal, dry_run=dry_run)
    return 0


def _written_before(store: RunStore, moment_ns: int) -> list[str]:
    def is_older(run_id: str) -> bool:
        try:
            return store.log(run_id).stat().st_mtime_ns < moment_ns
        except FileNotFoundError:
            return False

    return [run_id for run_id in store.run_ids() if is_older(run_id)]


def _print(choice: Choice, removal: Removal, *, dry_run: bool) -> None:
    print_removal(removal, dry_run=dry_run)
    for run_id in choice.running:
        print_text(f"{run_id[:8]} kept: may still be running")
    for run_id in choice.pinned:
        print_text(f"{run_id[:8]} kept: pinned")
    for run_id, kept in choice.needed.items():
        print_text(f"{run_id[:8]} kept: a resume of {kept[:8]} may need it")
