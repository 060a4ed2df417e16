"""`oe runs prune`: removes old runs and what only they used."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.options import OeError, examples, experience_folder, experience_option
from engine.cli.output.printing import print_json, print_text
from engine.cli.time_span import TimeSpan
from engine.log.humanize import plural
from engine.log.storage.run_store import RunStore

if TYPE_CHECKING:
    from engine.log.prune.prune import Choice, Removal

_SPAN = TimeSpan({"h": 3_600 * 10**9, "d": 86_400 * 10**9, "w": 604_800 * 10**9}, "h, d or w, such as 12h, 30d or 8w")
"""Its value is in nanoseconds."""

_UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


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

    Keeps runs that are running, and the originals of resumed runs that it
    keeps, until those have restored or completed every node. Also keeps
    what the runs wrote to the state.
    """
    from engine.log.prune.prune import choose, plan_removal, remove

    if (keep is None) == (older_than is None):
        raise click.UsageError("give either --keep N or --older-than SPAN")
    store = RunStore(experience_folder(path))
    wanted = store.run_ids()[keep:] if keep is not None else _written_before(store, time.time_ns() - (older_than or 0))
    try:
        choice = choose(store, wanted)
        if not store.data.is_dir():
            raise OeError(f"no runs in {store.runs}. `oe run` starts one.")
        removal = plan_removal(store, choice.removed)
        if not dry_run:
            _update_state(store)
            remove(store, removal)
    except OSError as error:
        raise OeError(
            f"{error.filename}: {error.strerror}. The remaining runs are intact. Fix this and prune again."
        ) from error
    (_print_json if as_json else _print)(choice, removal, dry_run=dry_run)
    return 0


def _written_before(store: RunStore, moment_ns: int) -> list[str]:
    def is_older(run_id: str) -> bool:
        try:
            return store.log(run_id).stat().st_mtime_ns < moment_ns
        except FileNotFoundError:
            return False

    return [run_id for run_id in store.run_ids() if is_older(run_id)]


def _update_state(store: RunStore) -> None:
    """Merge runs into the state that are not merged yet, before their logs are removed."""
    from engine.state.rebuild import catch_up
    from engine.state.store import StateError

    try:
        catch_up(store)
    except StateError as error:
        raise OeError(f"{error}. Nothing was removed, since the state is rebuilt from the logs.") from error


def _print(choice: Choice, removal: Removal, *, dry_run: bool) -> None:
    what = plural(len(removal.runs), "run")
    rest = [plural(len(removal.blobs), "blob")] if removal.blobs else []
    rest += [f"the outputs of {plural(len(removal.outputs), 'run')} without a log"] if removal.outputs else []
    rest += [f"{plural(len(removal.leftovers), 'file')} of killed processes"] if removal.leftovers else []
    print_text(f"{'would remove' if dry_run else 'removed'} {' and '.join([what, *rest])}: {_size_text(removal.size)}")
    if dry_run:
        for run_id in removal.runs:
            print_text(f"  {run_id}")
    for run_id in choice.running:
        print_text(f"{run_id[:8]} kept: may still be running")
    for run_id, kept in choice.needed.items():
        print_text(f"{run_id[:8]} kept: a resume of {kept[:8]} may need it")


def _print_json(choice: Choice, removal: Removal, *, dry_run: bool) -> None:
    document = {
        "dryRun": dry_run,
        "removed": list(removal.runs),
        "blobs": len(removal.blobs),
        "leftovers": len(removal.leftovers),
        "bytes": removal.size,
        "running": list(choice.running),
        "needed": dict(choice.needed),
    }
    print_json(document)


def _size_text(size: int) -> str:
    for unit, name in _UNITS:
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return plural(size, "byte")
