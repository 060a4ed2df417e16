"""Contents kept once under their hash, in `.openexpertise/blobs/` (docs/design.md, The run log). Knows no values."""

from __future__ import annotations

import contextlib
import os
import re
import uuid
from dataclasses import dataclass
from pathlib import Path

from engine.canonical import hash_bytes

BLOB_FOLDER = "blobs"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_UNFINISHED = ".tmp"


class BlobLostError(LookupError):
    """A content that a log names is not there, or is not what it was. The message says which, for the user."""


@dataclass(frozen=True, slots=True)
class Blobs:
    """The contents in `folder`, each in a file that is named by its SHA-256. The folder is made with the first one."""

    folder: Path

    def keep(self, content: bytes) -> str:
        """Keep `content`, durable on return, and give its SHA-256. Raises OSError."""
        digest = hash_bytes(content)
        path = self.folder / digest
        if _size(path) != len(content):
            self.folder.mkdir(mode=0o700, exist_ok=True)
            _write(path, content)
        return digest

    def read(self, digest: str) -> bytes:
        """The content whose SHA-256 is `digest`. Raises BlobLostError."""
        if not _DIGEST.fullmatch(digest):  # it came out of a log and becomes part of a path
            raise BlobLostError(f"'{digest}' names no blob")
        path = self.folder / digest
        try:
            content = path.read_bytes()
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


def blobs_of(log: Path) -> Blobs:
    """The contents that the log at `log` names: they lie beside the folder of the logs."""
    return Blobs(log.parent.parent / BLOB_FOLDER)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _write(path: Path, content: bytes) -> None:
    """Write under another name and rename, so that a file with the right name is whole."""
    unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex}{_UNFINISHED}")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # without it a power loss can take the new name
    finally:
        os.close(folder)
