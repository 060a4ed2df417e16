"""The file `<run-id>.cancel`, with which any process cancels a run (docs/design.md, The run log)."""

from __future__ import annotations

from pathlib import Path

from engine.log.storage.lock import is_held
from engine.log.storage.run_store import RunStore
from engine.log.storage.safe_open import refuse_links


def request_cancel(store: RunStore, run_id: str) -> bool:
    """Request the cancellation of a run. Each request adds a byte; the second means: kill its nodes.

    Returns False, and does nothing, if the run is not running. Raises OSError.
    """
    if not is_held(store.lock(run_id)):
        return False
    file = store.cancel(run_id)
    refuse_links(file)
    with file.open("a", encoding="ascii") as requests:
        requests.write("x")
    return True


def cancel_requests(cancel_file: Path) -> int:
    """The number of requests; 0 if the file is missing, 1 if it is empty."""
    try:
        return max(cancel_file.stat().st_size, 1)
    except OSError:
        return 0
