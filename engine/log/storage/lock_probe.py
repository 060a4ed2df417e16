"""Whether a run's lock is held. Imports next to nothing: lists of runs ask this."""

from __future__ import annotations

import fcntl
import os

from engine.log.storage.safe_open import open_own


def is_held(lock: str | os.PathLike[str]) -> bool:
    """Whether a living process holds the lock. Waits for nobody, and no writer for this."""
    try:
        file = open_own(lock)
    except OSError:
        return False
    with file:
        return not _could_be_shared(file.fileno())  # closing the file frees the probe


def _could_be_shared(descriptor: int) -> bool:
    """Whether nobody has locked the file for himself, as `Disk.lock` does."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
