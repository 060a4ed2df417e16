"""Removes runs, and keeps what they wrote to the state."""

from __future__ import annotations

from engine.log.prune.prune import Removal, remove
from engine.log.storage.run_store import RunStore
from engine.state.rebuild import catch_up


def remove_runs(store: RunStore, removal: Removal) -> None:
    """Merge the runs into the state that are not merged yet, then remove these files.

    Raises StateError before anything is removed, and OSError.
    """
    catch_up(store)
    remove(store, removal)
