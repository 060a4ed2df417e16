"""Blobs: contents stored once under their hash, in `.openexpertise/blobs/` (docs/design.md, The run log)."""

from __future__ import annotations

import os
import re
from pathlib import Path

from msgspec import Struct, field

from engine.canonical import hash_bytes
from engine.log.storage.disk import DISK, Disk, FileKind
from engine.log.storage.safe_open import read_own

BLOB_FOLDER = "blobs"
_DIGEST = re.compile(r"[0-9a-f]{64}")

MAX_BYTES = 1024 * 1024 * 1024
"""No value is larger."""


class BlobLostError(LookupError):
    """A blob that a log refers to is missing or damaged. The message is for the user."""


class Blobs(Struct, frozen=True, eq=False):
    """The contents in `folder`, each in a file named by its SHA-256. The folder is created with the first one."""

    folder: Path
    disk: Disk = DISK
    _durable: set[str] = field(default_factory=set)

    def keep(self, content: bytes) -> str:
        """Store `content`, durable on return, and return its SHA-256. Raises OSError.

        So it is on disk before a line that refers to it is written.
        """
        digest = hash_bytes(content)
        path = self.folder / digest
        if digest in self._durable and _size(path) == len(content):
            return digest
        if not self._durable or not self.folder.is_dir():
            self.disk.make_folder(FileKind.BLOB, self.folder)
        if _holds(path, content):
            self.disk.sync_folder(FileKind.BLOB, self.folder)  # its writer may have died before the name was durable
        else:
            self.disk.write_whole(FileKind.BLOB, path, content)
        self._durable.add(digest)
        return digest

    def read_short(self, digest: str, most: int) -> bytes:
        """As `read`, for content of at most `most` bytes; the rest of a longer one is not read."""
        if _DIGEST.fullmatch(digest) and (_size(self.folder / digest) or 0) > most:
            raise BlobLostError(f"the blob {self.folder / digest} is over {most // 1024} KiB")
        return self.read(digest)

    def read(self, digest: str) -> bytes:
        """The content whose SHA-256 is `digest`. Raises BlobLostError."""
        if not _DIGEST.fullmatch(digest):  # it comes from a log and becomes part of a path
            raise BlobLostError(f"'{digest}' is not the name of a blob")
        path = self.folder / digest
        try:
            content = read_own(path, MAX_BYTES)
        except OSError as error:
            raise BlobLostError(f"the blob {path} cannot be read ({error.strerror})") from error
        if hash_bytes(content) != digest:
            raise BlobLostError(f"the blob {path} is damaged")
        return content

    def find(self, prefix: str) -> bytes | None:
        """The only content whose SHA-256 starts with `prefix`, of at least 12 hex digits; else None."""
        if not re.fullmatch(r"[0-9a-f]{12,64}", prefix):
            return None
        found = [path.name for path in self.folder.glob(f"{prefix}*") if _DIGEST.fullmatch(path.name)]
        try:
            return self.read(found[0]) if len(found) == 1 else None
        except BlobLostError:
            return None


def blobs_of(log: Path, disk: Disk = DISK) -> Blobs:
    """The blobs of the log at `log`, in a folder beside that of the logs."""
    return Blobs(log.parent.parent / BLOB_FOLDER, disk)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _holds(path: Path, content: bytes) -> bool:
    """Whether the file exists and is intact.

    Renews its time, so that a prune that has seen no reference to it keeps it.
    """
    try:
        if _size(path) != len(content) or read_own(path, len(content)) != content:
            return False
        os.utime(path)
    except OSError:
        return False
    return True
