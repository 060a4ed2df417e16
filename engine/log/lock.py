"""The lock that a run's writer holds: it tells *running* from *interrupted*, and is freed by death
(docs/design.md, The run log).
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from pathlib import Path
from typing import IO

import portalocker

_EXCLUSIVE = portalocker.LockFlags.EXCLUSIVE
_PROBE = portalocker.LockFlags.SHARED | portalocker.LockFlags.NON_BLOCKING


class RunLock:
    """An exclusive lock on `<run-id>.lock`, held from construction to `release`, not inherited by child processes.

    The constructor raises OSError, and leaves no file then.
    """

    def __init__(self, path: Path, started_at: str) -> None:
        self._path = path
        self._file: IO[str] = path.open("a+", encoding="utf-8")
        # Blocking: only a reader's probe, held for microseconds, can be in the way of a run id that is new.
        portalocker.lock(self._file, _EXCLUSIVE)
        self._file.truncate(0)
        try:
            json.dump({"pid": os.getpid(), "host": socket.gethostname(), "startedAt": started_at}, self._file)
            self._file.flush()
        except OSError:
            self.release()
            raise

    def release(self) -> None:
        """Free the lock and remove its file: the run has its end in the log."""
        with contextlib.suppress(OSError):  # it is the lock that tells, not the file
            self._path.unlink()
        self._file.close()


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock. Never blocks a writer for longer than the probe itself."""
    try:
        file = path.open("r", encoding="utf-8")
    except OSError:
        return False
    with file:
        try:
            portalocker.lock(file, _PROBE)
        except portalocker.LockException:
            return True
        portalocker.unlock(file)
        return False
