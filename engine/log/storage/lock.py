"""The lock that a run's writer holds. It tells *running* from *interrupted*, and dies with its process
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

from engine.log.storage.disk import DISK, Disk, FileKind, is_locked
from engine.log.storage.safe_open import open_own, read_own, refuse_links

_PROBES_SECONDS = 1.0
"""How long the probes of readers, which take microseconds, may be in the way before it must be another writer."""

_RETRY_SECONDS = 0.005
_MAX_BYTES = 64 * 1024


class RunLock:
    """An exclusive lock on `<run-id>.lock`, held from construction to `release`.

    It belongs to the open file, which no program that the engine starts inherits, so it dies with the engine.
    The constructor raises OSError, and leaves no file then; BlockingIOError where another writer holds the lock.
    """

    def __init__(self, path: Path, started_at: str, disk: Disk = DISK) -> None:
        self._path = path
        self._disk = disk
        self._descriptor = self._locked_file()
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "startedAt": started_at}
        try:
            disk.truncate(FileKind.LOCK, self._descriptor, 0)
            disk.write_all(FileKind.LOCK, self._descriptor, json.dumps(holder).encode())
        except OSError:
            self.release()
            raise

    def release(self) -> None:
        """Free the lock and remove its file: the run has its end in the log."""
        with contextlib.suppress(OSError):  # the lock counts, not the file
            self._disk.delete(FileKind.LOCK, self._path)
        os.close(self._descriptor)

    def _locked_file(self) -> int:
        """The descriptor of the locked file."""
        while True:
            descriptor = self._disk.create(FileKind.LOCK, self._path, exclusive=False)
            try:
                self._lock(descriptor)
            except OSError:
                os.close(descriptor)
                raise
            if os.fstat(descriptor).st_nlink:
                return descriptor
            os.close(descriptor)  # a prune removed the file before it was locked: nobody would see this lock

    def _lock(self, descriptor: int) -> None:
        """Lock the file. Never blocks: a reader that is stopped in its probe must not stop a run."""
        until = time.monotonic() + _PROBES_SECONDS
        while not self._disk.lock(FileKind.LOCK, descriptor):
            if time.monotonic() > until:
                raise BlockingIOError(errno.EAGAIN, "another process writes this run")
            time.sleep(_RETRY_SECONDS)


def is_held(path: Path) -> bool:
    """Whether a living process on this host holds the lock. Does not block, and blocks no writer."""
    try:
        file = open_own(path)
    except OSError:
        return False
    with file:
        return is_locked(file.fileno())


def may_be_held(path: Path) -> bool:
    """Whether a run is running, or may be running on a host whose locks are not visible here."""
    return is_held(path) or other_host(path) is not None


def other_host(path: Path) -> str | None:
    """The host that a lock file names, if it is another one and nobody here holds the lock.

    The run may still be running there: some network disks do not show the locks of other hosts.
    """
    try:
        holder = json.loads(read_own(path, _MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    host = holder.get("host") if isinstance(holder, dict) else None
    return host if isinstance(host, str) and host != socket.gethostname() and not is_held(path) else None


def remove_unheld(path: Path, disk: Disk = DISK) -> None:
    """Remove a lock file, unless a process holds it, or may hold it on another host. Raises OSError.

    The file is locked meanwhile, so that no other process can take it between the check and the removal.
    """
    if other_host(path) is not None:
        return
    with contextlib.suppress(FileNotFoundError):
        refuse_links(path)
        with path.open("rb+") as file:
            if disk.lock(FileKind.LOCK, file.fileno()):
                disk.delete(FileKind.LOCK, path)
