"""Makes state.sqlite anew from the run logs."""

from __future__ import annotations

from dataclasses import dataclass

from engine.log.reader import UnreadableLogError, read_log
from engine.log.store import RunStore
from engine.log.view import fold
from engine.state.contribution import Contribution, contribution_of
from engine.state.store import StateDamagedError, StateStore

_DAMAGED_SUFFIX = ".damaged"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many runs were merged, and the ids of those whose logs could not be read."""

    runs: int
    unreadable: tuple[str, ...]


def rebuild(runs: RunStore) -> Rebuilt:
    """Merge all runs that have ended, as if each had just done so. A damaged file is put aside. Raises StateError."""
    contributions: list[Contribution] = []
    unreadable: list[str] = []
    for run_id in runs.run_ids():
        try:
            contribution = contribution_of(fold(read_log(runs.log(run_id)).records))
        except (UnreadableLogError, OSError):
            unreadable.append(run_id)
            continue
        if contribution is not None:
            contributions.append(contribution)
    _rebuild(StateStore(runs.data), contributions)
    return Rebuilt(len(contributions), tuple(sorted(unreadable)))


def _rebuild(store: StateStore, contributions: list[Contribution]) -> None:
    if not contributions and not store.path.exists():
        return
    try:
        store.rebuild(contributions)
    except StateDamagedError:
        store.path.replace(store.path.with_suffix(store.path.suffix + _DAMAGED_SUFFIX))
        for beside in ("-wal", "-shm"):
            store.path.with_name(store.path.name + beside).unlink(missing_ok=True)
        store.rebuild(contributions)
