"""Removes runs for `oe runs prune` and `oe runs delete`, and says what went."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.cli.options import OeError
from engine.cli.output.printing import print_text
from engine.log.humanize import plural, size_text
from engine.log.storage.run_store import RunStore

if TYPE_CHECKING:
    from engine.log.prune.prune import Choice, Removal


@contextmanager
def errors_of_removal(retry: str) -> Iterator[None]:
    """Turn what can go wrong into an OeError. `retry` completes "Fix this and …"."""
    from engine.state.store import StateError

    try:
        yield
    except StateError as error:
        raise OeError(f"{error}. Nothing was removed, since the state is rebuilt from the logs.") from error
    except OSError as error:
        raise OeError(
            f"{error.filename}: {error.strerror}. The remaining runs are intact. Fix this and {retry}."
        ) from error


def take(store: RunStore, choice: Choice, *, dry_run: bool) -> Removal:
    """Remove the chosen runs with all that only they used; with `dry_run`, only find that.

    Raises OeError where there are no runs, and StateError and OSError.
    """
    from engine.log.prune.prune import plan_removal

    if not store.data.is_dir():
        raise OeError(f"no runs in {store.runs}. `oe run` starts one.")
    removal = plan_removal(store, choice.removed)
    if not dry_run:
        from engine.state.remove_runs import remove_runs

        remove_runs(store, removal)
    return removal


def print_removal(removal: Removal, *, dry_run: bool) -> None:
    """What was removed, or would be; then with the id of each run."""
    what = plural(len(removal.runs), "run")
    rest = [plural(len(removal.blobs), "blob")] if removal.blobs else []
    rest += [f"the outputs of {plural(len(removal.outputs), 'run')} without a log"] if removal.outputs else []
    rest += [f"{plural(len(removal.leftovers), 'file')} of killed processes"] if removal.leftovers else []
    print_text(f"{'would remove' if dry_run else 'removed'} {' and '.join([what, *rest])}: {size_text(removal.size)}")
    if dry_run:
        for run_id in removal.runs:
            print_text(f"  {run_id}")


def removal_to_json(choice: Choice, removal: Removal, *, dry_run: bool) -> dict[str, object]:
    """The choice and the removal as one JSON object."""
    return {
        "dryRun": dry_run,
        "removed": list(removal.runs),
        "blobs": len(removal.blobs),
        "leftovers": len(removal.leftovers),
        "bytes": removal.size,
        "running": list(choice.running),
        "pinned": list(choice.pinned),
        "needed": dict(choice.needed),
    }
