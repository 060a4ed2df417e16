"""The port for everything a run writes durably, so that tests can inject faults into every call (tests/faults).

Files that may be lost, such as indexes, do not use it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import uuid
from enum import Enum
from pathlib import Path

from engine.log.storage.safe_open import refuse_links

_NEW = os.O_RDWR | os.O_CREAT | os.O_APPEND


class FileKind(str, Enum):
    """What is written: the folder `.openexpertise/` itself, or a kind of file in it."""

    DATA = "data"
    LOCK = "lock"
    ORDER = "order"
    LOG = "log"
    BLOB = "blob"
    OUTPUT = "output"


class Operation(str, Enum):
    """The operation."""

    FOLDER = "folder"
    CREATE = "create"
    LOCK = "lock"
    WRITE = "write"
    SYNC = "sync"
    RENAME = "rename"
    SYNC_FOLDER = "sync folder"
    TRUNCATE = "truncate"
    DELETE = "delete"


class Disk:
    """The real disk. Files are private to the user. Every method raises OSError."""

    def before(self, kind: FileKind, operation: Operation) -> None:
        """Called before each operation, so that tests can raise faults."""

    def make_folder(self, kind: FileKind, folder: Path) -> None:
        """Create a folder unless it exists. Its entry in the parent survives a power loss."""
        self.before(kind, Operation.FOLDER)
        folder.mkdir(mode=0o700, exist_ok=True)
        refuse_links(folder)
        self.sync_folder(kind, folder.parent)  # even if it existed: its creator may have died before this

    def create(self, kind: FileKind, path: Path, *, exclusive: bool) -> int:
        """Open a file for appending and return its descriptor; with `exclusive`, it must not exist."""
        self.before(kind, Operation.CREATE)
        refuse_links(path)
        return os.open(path, _NEW | (os.O_EXCL if exclusive else 0), 0o600)

    def write(self, kind: FileKind, descriptor: int, data: memoryview) -> int:
        """Write at least one byte of `data`; returns the number of bytes written."""
        self.before(kind, Operation.WRITE)
        return os.write(descriptor, data)

    def write_all(self, kind: FileKind, descriptor: int, data: bytes) -> None:
        """Write all of `data`."""
        left = memoryview(data)
        while left:
            left = left[self.write(kind, descriptor, left) :]

    def sync(self, kind: FileKind, descriptor: int) -> None:
        """Make the contents of a file survive a power loss."""
        self.before(kind, Operation.SYNC)
        os.fdatasync(descriptor) if hasattr(os, "fdatasync") else os.fsync(descriptor)

    def sync_folder(self, kind: FileKind, folder: Path) -> None:
        """Make the names in a folder survive a power loss; without its name, a synced file is lost."""
        self.before(kind, Operation.SYNC_FOLDER)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, kind: FileKind, old: Path, new: Path) -> None:
        """Rename a complete and synced file to its final name, which survives a power loss."""
        self.before(kind, Operation.RENAME)
        old.replace(new)
        self.sync_folder(kind, new.parent)

    def write_whole(self, kind: FileKind, path: Path, content: bytes) -> None:
        """Create or replace a file atomically: a file with this name is always complete."""
        unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
        descriptor = self.create(kind, unfinished, exclusive=True)
        try:
            try:
                self.write_all(kind, descriptor, content)
                self.sync(kind, descriptor)
            finally:
                os.close(descriptor)
            self.rename(kind, unfinished, path)
        except OSError:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise

    def lock(self, kind: FileKind, descriptor: int) -> bool:
        """Lock a file exclusively until the descriptor is closed; False if another process has locked it."""
        self.before(kind, Operation.LOCK)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            raise OSError(errno.ENOLCK, f"files cannot be locked here: {error.strerror}") from error
        return True

    def truncate(self, kind: FileKind, descriptor: int, size: int) -> None:
        """Truncate a file."""
        self.before(kind, Operation.TRUNCATE)
        os.ftruncate(descriptor, size)

    def delete(self, kind: FileKind, path: Path) -> None:
        """Delete a file."""
        self.before(kind, Operation.DELETE)
        path.unlink()


def is_locked(descriptor: int) -> bool:
    """Whether another open file has locked this one, as `Disk.lock` does. Does not block."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)  # freed when the descriptor is closed
    except OSError:
        return True
    return False


DISK = Disk()
"""The disk of real runs."""
