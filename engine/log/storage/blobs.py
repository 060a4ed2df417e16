"""Contents kept once under their hash, in `.openexpertise/blobs/` (docs/design.md, The run log). Knows no values."""

from __future__ import annotations

import os
import re
from pathlib import Path

from msgspec import Struct, field

from engine.canonical import hash_bytes
from engine.log.storage.disk import DISK, Disk, Thing
from engine.log.storage.safe_open import read_own

BLOB_FOLDER = "blobs"
_DIGEST = re.compile(r"[0-9a-f]{64}")

MOST_BYTES = 1024 * 1024 * 1024
"""A file that is longer is not read: no value is."""


class BlobLostError(LookupError):
    """A content that a log names is not there, or is not what it was. The message says which, for the user."""


class Blobs(Struct, frozen=True, eq=False):
    """The contents in `folder`, each in a file that is named by its SHA-256. The folder is made with the first one."""

    folder: Path
    disk: Disk = DISK
    _durable: set[str] = field(default_factory=set)

    def keep(self, content: bytes) -> str:
        """Keep `content`, durable on return, and give its SHA-256. Raises OSError.

        So it is on the disk, under its name, before a line that names it is written.
        """
        digest = hash_bytes(content)
        path = self.folder / digest
        if digest in self._durable and _size(path) == len(content):
            return digest
        if not self._durable or not self.folder.is_dir():
            self.disk.make_folder(Thing.BLOB, self.folder)
        if _holds(path, content):
            self.disk.sync_folder(Thing.BLOB, self.folder)  # who gave it its name may have died before it was durable
        else:
            self.disk.write_whole(Thing.BLOB, path, content)
        self._durable.add(digest)
        return digest

    def read(self, digest: str) -> bytes:
        """The content whose SHA-256 is `digest`. Raises BlobLostError."""
        if not _DIGEST.fullmatch(digest):  # it came out of a log and becomes part of a path
            raise BlobLostError(f"'{digest}' names no blob")
        path = self.folder / digest
        try:
            content = read_own(path, MOST_BYTES)
        except OSError as error:
            raise BlobLostError(f"the blob {path} cannot be read ({error.strerror})") from error
        if hash_bytes(content) != digest:
            raise BlobLostError(f"the blob {path} is damaged")
        return content

    def find(self, beginning: str) -> bytes | None:
        """The content whose SHA-256 has this beginning, of at least 12 hex digits; None where none, or two, have."""
        if not re.fullmatch(r"[0-9a-f]{12,64}", beginning):
            return None
        found = [path.name for path in self.folder.glob(f"{beginning}*") if _DIGEST.fullmatch(path.name)]
        try:
            return self.read(found[0]) if len(found) == 1 else None
        except BlobLostError:
            return None


def blobs_of(log: Path, disk: Disk = DISK) -> Blobs:
    """The contents that the log at `log` names: they lie beside the folder of the logs."""
    return Blobs(log.parent.parent / BLOB_FOLDER, disk)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _holds(path: Path, content: bytes) -> bool:
    """Whether a file is there and is not damaged; one that is, is written anew.

    Its time says from now on that it is in use: a prune that saw no line with its name leaves it alone.
    """
    try:
        if _size(path) != len(content) or read_own(path, len(content)) != content:
            return False
        os.utime(path)
    except OSError:
        return False
    return True
