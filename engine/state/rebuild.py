"""Updates state.sqlite from the run logs: merges missing runs, or rebuilds everything."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from engine.log.reading.head_tail import read_ends
from engine.log.reading.reader import UnreadableLogError
from engine.log.reading.view import fold
from engine.log.storage.blobs import BlobLostError
from engine.log.storage.run_store import RunStore
from engine.state.contribution import Contribution, contribution_of
from engine.state.store import StateDamagedError, StateStore

_DAMAGED_SUFFIX = ".damaged"


class Rebuilt(Struct, frozen=True):
    """How many runs were merged, and the ids of those whose logs could not be read."""

    runs: int
    unreadable: tuple[str, ...]


def catch_up(runs: RunStore) -> StateStore:
    """Merge all runs that ended, including one that was killed between its last event and its merge.

    Logs that cannot be read are skipped; `rebuild` reports them. Raises StateError.
    """
    store = StateStore(runs.data)
    contributions, _ = _read(runs, set(runs.known_ids()) - store.run_ids())
    for contribution in contributions:
        store.merge(contribution)
    return store


def rebuild(runs: RunStore) -> Rebuilt:
    """Rebuild the state from all runs that have ended. A damaged file is renamed. Raises StateError.

    Runs whose logs are gone keep their contributions, unless the file was damaged.
    """
    contributions, unreadable = _read(runs, runs.known_ids())
    _rebuild(StateStore(runs.data), contributions)
    return Rebuilt(len(contributions), tuple(sorted(unreadable)))


def _read(runs: RunStore, run_ids: Iterable[str]) -> tuple[list[Contribution], list[str]]:
    """The contributions of the runs that ended, and the ids of runs whose logs cannot be read."""
    contributions: list[Contribution] = []
    unreadable: list[str] = []
    for run_id in run_ids:
        try:
            contribution = _contribution(runs, run_id)
        except FileNotFoundError:  # removed since it was listed
            continue
        except (UnreadableLogError, BlobLostError, OSError, ValueError, TypeError):
            unreadable.append(run_id)
            continue
        if contribution is not None:
            contributions.append(contribution)
    return contributions, unreadable


def _contribution(runs: RunStore, run_id: str) -> Contribution | None:
    ends = read_ends(runs.log(run_id))
    return contribution_of(fold(ends.records), runs.blobs.read)


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
