"""The lock that a run's writer holds: it tells *running* from *interrupted*, and is freed by death
(docs/durability.md, Running or interrupted).
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import time
from pathlib import Path

from engine.log.storage.disk import DISK, Disk, Thing
from engine.log.storage.lock_probe import is_held
from engine.log.storage.safe_open import read_own, refuse_links

_PROBES_SECONDS = 1.0
"""How long readers, whose probes take microseconds, may be in the way before it must be another writer."""

_AGAIN_SECONDS = 0.005
_MOST_BYTES = 64 * 1024


class RunLock:
    """An exclusive lock on `<run-id>.lock`, held from construction to `release`.

    It belongs to the open file, which no program that the engine starts inherits, so death frees it at once.
    The constructor raises OSError, and leaves no file then; BlockingIOError where another writer holds the lock.
    """

    def __init__(self, path: Path, started_at: str, disk: Disk = DISK) -> None:
        self._path = path
        self._disk = disk
        self._descriptor = self._taken()
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "startedAt": started_at}
        try:
            disk.truncate(Thing.LOCK, self._descriptor, 0)
            disk.write_all(Thing.LOCK, self._descriptor, json.dumps(holder).encode())
        except OSError:
            self.release()
            raise

    def release(self) -> None:
        """Free the lock and remove its file: the run has its end in the log."""
        with contextlib.suppress(OSError):  # it is the lock that tells, not the file
            self._disk.delete(Thing.LOCK, self._path)
        os.close(self._descriptor)

    def _taken(self) -> int:
        """The descriptor of the file, locked."""
        while True:
            descriptor = self._disk.create(Thing.LOCK, self._path, exclusive=False)
            try:
                self._take(descriptor)
            except OSError:
                os.close(descriptor)
                raise
            if os.fstat(descriptor).st_nlink:
                return descriptor
            os.close(descriptor)  # a prune took the file away before it was locked: nobody would see this lock

    def _take(self, descriptor: int) -> None:
        """Lock the file, which is never waited for: a reader that is stopped in its probe must not stop a run."""
        until = time.monotonic() + _PROBES_SECONDS
        while not self._disk.lock(Thing.LOCK, descriptor):
            if time.monotonic() > until:
                raise BlockingIOError(errno.EAGAIN, "another process writes this run")
            time.sleep(_AGAIN_SECONDS)


def remove_unheld(path: Path, disk: Disk = DISK) -> None:
    """Remove a lock file, unless somebody holds it, whose run may be on another host too. Raises OSError.

    It is locked meanwhile, so that nobody else can take it between the look and the deed (see `RunLock`).
    """
    if other_host(path) is not None:
        return
    with contextlib.suppress(FileNotFoundError):
        refuse_links(path)
        with path.open("rb+") as file:
            if disk.lock(Thing.LOCK, file.fileno()):
                disk.delete(Thing.LOCK, path)


def may_be_held(path: Path) -> bool:
    """Whether a run goes on, or may go on where its lock cannot be seen."""
    return is_held(path) or other_host(path) is not None


def other_host(path: Path) -> str | None:
    """The host that a lock file names, where nobody is seen to hold it and that is not this one.

    A run there may go on after all: some network disks show no lock of one host to another.
    """
    try:
        holder = json.loads(read_own(path, _MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    host = holder.get("host") if isinstance(holder, dict) else None
    return host if isinstance(host, str) and host != socket.gethostname() and not is_held(path) else None
