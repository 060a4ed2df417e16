"""The file `<run-id>.cancel`: how any process asks the engine of a run to end it (docs/design.md, The run log)."""

from __future__ import annotations

from pathlib import Path

from engine.log.storage.lock import is_held
from engine.log.storage.run_store import RunStore
from engine.log.storage.safe_open import refuse_links


def request_cancel(store: RunStore, run_id: str) -> bool:
    """Ask for the run's end. Each time adds a byte, of which the second means: at once.

    False, and nothing is done, where no engine is at work on the run. Raises OSError.
    """
    if not is_held(store.lock(run_id)):
        return False
    file = store.cancel(run_id)
    refuse_links(file)
    with file.open("a", encoding="ascii") as asked:
        asked.write("x")
    return True


def times_asked(cancel_file: Path) -> int:
    """How often the end was asked for; 0 where the file is absent. An empty file, made by hand, asks once."""
    try:
        return max(cancel_file.stat().st_size, 1)
    except OSError:
        return 0
