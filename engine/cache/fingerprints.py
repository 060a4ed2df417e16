"""Content hashes of the files that nodes are made of. Reads files; remembers each while it is unchanged on disk."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.canonical import hash_bytes

_INDEX_NAME = b"$index"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One file: `digest` is the SHA-256 of its content, None when it is missing or no ordinary file."""

    digest: str | None
    names_index: bool = False


@dataclass(frozen=True, slots=True)
class _Identity:
    size: int
    mtime_ns: int
    inode: int


class Fingerprints:
    """Fingerprints by path. A file is read again only when its size, mtime or inode differ."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[_Identity, Fingerprint]] = {}

    def of(self, path: Path) -> Fingerprint:
        """The fingerprint of the file as it is now."""
        try:
            status = path.stat()
        except OSError:
            return Fingerprint(None)
        if not stat.S_ISREG(status.st_mode):
            return Fingerprint(None)
        identity = _Identity(status.st_size, status.st_mtime_ns, status.st_ino)
        known = self._known.get(path)
        if known is not None and known[0] == identity:
            return known[1]
        try:
            content = path.read_bytes()
        except OSError:
            return Fingerprint(None)
        fingerprint = Fingerprint(hash_bytes(content), _INDEX_NAME in content)
        self._known[path] = identity, fingerprint
        return fingerprint

    def of_all(self, files: Mapping[str, Path]) -> dict[str, Fingerprint]:
        """The fingerprints of a node's files, by the name of their part."""
        return {name: self.of(path) for name, path in files.items()}
