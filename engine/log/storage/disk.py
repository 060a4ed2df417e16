"""The port through which a run's files reach the disk: every call that a crash, an error or a slow disk can strike.

Tests put faults in its place (tests/faults). What may be lost without harm, such as indexes, goes without it.
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


class Thing(str, Enum):
    """What is written: `.openexpertise/` itself with what it holds of its own, or a kind of file in it."""

    DATA = "data"
    LOCK = "lock"
    ORDER = "order"
    LOG = "log"
    BLOB = "blob"
    OUTPUT = "output"


class Act(str, Enum):
    """What is done to it."""

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
    """The disk of the machine. Files are the user's alone. Every method raises OSError."""

    def reach(self, thing: Thing, act: Act) -> None:
        """Called before each act. Nothing happens here; faults do."""

    def make_folder(self, thing: Thing, folder: Path) -> None:
        """Make a folder where there is none. Its name, which stands in its parent, survives a power loss."""
        self.reach(thing, Act.FOLDER)
        folder.mkdir(mode=0o700, exist_ok=True)
        refuse_links(folder)
        self.sync_folder(thing, folder.parent)  # also where it was there: who made it may have died before this

    def create(self, thing: Thing, path: Path, *, exclusive: bool) -> int:
        """A descriptor to append to `path` with; `exclusive`: which must not exist."""
        self.reach(thing, Act.CREATE)
        refuse_links(path)
        return os.open(path, _NEW | (os.O_EXCL if exclusive else 0), 0o600)

    def write(self, thing: Thing, descriptor: int, data: memoryview) -> int:
        """Write some of `data`, at least a byte; returns how much."""
        self.reach(thing, Act.WRITE)
        return os.write(descriptor, data)

    def write_all(self, thing: Thing, descriptor: int, data: bytes) -> None:
        """Write all of `data`, in as many pieces as the system wants."""
        left = memoryview(data)
        while left:
            left = left[self.write(thing, descriptor, left) :]

    def sync(self, thing: Thing, descriptor: int) -> None:
        """Make what was written to a file survive a power loss."""
        self.reach(thing, Act.SYNC)
        os.fdatasync(descriptor) if hasattr(os, "fdatasync") else os.fsync(descriptor)

    def sync_folder(self, thing: Thing, folder: Path) -> None:
        """Make the names in a folder survive a power loss, which can take a synced file by taking its name."""
        self.reach(thing, Act.SYNC_FOLDER)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, thing: Thing, old: Path, new: Path) -> None:
        """Give a file its name, which only what is whole and synced may have; the name survives a power loss."""
        self.reach(thing, Act.RENAME)
        old.replace(new)
        self.sync_folder(thing, new.parent)

    def write_whole(self, thing: Thing, path: Path, content: bytes) -> None:
        """Make or replace a file so that whoever sees its name sees all of it, whatever happens and whenever."""
        unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
        descriptor = self.create(thing, unfinished, exclusive=True)
        try:
            try:
                self.write_all(thing, descriptor, content)
                self.sync(thing, descriptor)
            finally:
                os.close(descriptor)
            self.rename(thing, unfinished, path)
        except OSError:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise

    def lock(self, thing: Thing, descriptor: int) -> bool:
        """Lock a file for this process alone, until the descriptor is closed; False where another has locked it."""
        self.reach(thing, Act.LOCK)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            raise OSError(errno.ENOLCK, f"files cannot be locked here: {error.strerror}") from error
        return True

    def truncate(self, thing: Thing, descriptor: int, size: int) -> None:
        """Cut a file off."""
        self.reach(thing, Act.TRUNCATE)
        os.ftruncate(descriptor, size)

    def delete(self, thing: Thing, path: Path) -> None:
        """Take a file away."""
        self.reach(thing, Act.DELETE)
        path.unlink()


DISK = Disk()
"""The disk of real runs."""
