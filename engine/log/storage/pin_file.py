"""The file `<run-id>.pin`, which keeps a run from being pruned (docs/design.md, The run log)."""

from __future__ import annotations

from engine.log.storage.run_store import RunStore
from engine.log.storage.safe_open import refuse_links


def pin(store: RunStore, run_id: str) -> None:
    """Keep a run from being pruned. Raises OSError."""
    file = store.pin(run_id)
    refuse_links(file)
    file.touch(mode=0o600)


def unpin(store: RunStore, run_id: str) -> None:
    """Let a run be pruned again. Raises OSError."""
    refuse_links(store.runs)
    store.pin(run_id).unlink(missing_ok=True)
