"""Content hashes of the files of nodes. Reads each file once, until it changes on disk."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from engine.cache.keys.file_stamps import Stamp
from engine.canonical import hash_bytes
from engine.unsaved_texts import unsaved

BIG = 1024 * 1024
"""Bytes. From this size on, a file is read in pieces, is not taken for text, and is remembered across runs."""

_INDEX_NAME = b"$index"


class Fingerprint(Struct, frozen=True):
    """The hashes of one file. `digest` is the SHA-256 of its content, None when it is missing or no ordinary file; for
    a link to a folder it is that of the link's target path.

    `text_digest` is that of the same lines with \\n at their ends, so that a checkout with other line ends keeps it.
    """

    digest: str | None
    text_digest: str | None
    names_index: bool = False


MISSING_FILE = Fingerprint(None, None)


class Known(Struct, frozen=True):
    """A file that was read: its fingerprint, its stamp at that time, and whether that stamp is reliable."""

    stamp: Stamp
    fingerprint: Fingerprint
    settled: bool


class Fingerprints:
    """Fingerprints by path. A file is read again only when its stamp differs or was too young to be reliable.

    `remembered` are those of big files that an earlier process read (see fingerprint_store). It may live as long as the
    process: plans and runs that share it read each file once. `clock` is that of the files, in nanoseconds.
    """

    def __init__(self, remembered: Mapping[str, Known] | None = None, clock: Callable[[], int] = time.time_ns) -> None:
        self._remembered = remembered or {}
        self._clock = clock
        self._known: dict[Path, Known] = {}
        self._typed: dict[Path, Fingerprint] = {}
        self._moment: dict[Path, Fingerprint] | None = None

    @contextlib.contextmanager
    def moment(self) -> Iterator[None]:
        """Within this context, check each file once, however many nodes use it. May be nested."""
        outer = self._moment
        self._moment = {} if outer is None else outer
        try:
            yield
        finally:
            self._moment = outer

    def of(self, path: Path) -> Fingerprint:
        """The fingerprint of the file as it is now; the same object as before where the content is the same."""
        if self._moment is None:
            return self._look(path)
        seen = self._moment.get(path)
        if seen is None:
            seen = self._moment[path] = self._look(path)
        return seen

    def _look(self, path: Path) -> Fingerprint:
        looked_at = self._clock()
        try:
            status = os.stat(path)  # noqa: PTH116 - for every file of every node, and twice as fast
        except (OSError, ValueError):
            return MISSING_FILE
        if stat.S_ISDIR(status.st_mode) and os.path.islink(path):  # noqa: PTH114
            return _read_link(path)
        if not stat.S_ISREG(status.st_mode):
            return MISSING_FILE
        typed = unsaved(path)
        if typed is not None:
            return self._of_typed(path, typed)
        stamp = Stamp.of(status)
        known = self._known.get(path)
        if known is None and status.st_size >= BIG:
            known = self._remembered.get(str(path))
        if known is None or known.stamp != stamp or not known.settled:
            try:
                fingerprint = _read(path, status.st_size)
            except OSError:
                return MISSING_FILE
            if known is not None and known.fingerprint == fingerprint:
                fingerprint = known.fingerprint
            known = Known(stamp, fingerprint, stamp.is_settled(looked_at))
        self._known[path] = known
        return known.fingerprint

    def _of_typed(self, path: Path, content: bytes) -> Fingerprint:
        """The fingerprint of an unsaved text; the same object while it stays the same."""
        fingerprint = _fingerprint(content)
        known = self._typed.get(path)
        if known is None or known != fingerprint:
            self._typed[path] = known = fingerprint
        return known

    def of_all(self, files: Mapping[str, Path]) -> dict[str, Fingerprint]:
        """The fingerprints of a node's files, by the name of their part."""
        return {name: self.of(path) for name, path in files.items()}

    def to_remember(self) -> dict[str, Known]:
        """The reliable fingerprints of big files, for a later process."""
        return {str(path): known for path, known in self._known.items() if known.settled and known.stamp.size >= BIG}


def _read(path: Path, size: int) -> Fingerprint:
    with path.open("rb") as file:
        if size >= BIG:
            return _read_big(file)
        content = file.read()
    return _fingerprint(content)


def _fingerprint(content: bytes) -> Fingerprint:
    digest = hash_bytes(content)
    is_crlf_text = b"\r\n" in content and b"\0" not in content
    text_digest = hash_bytes(content.replace(b"\r\n", b"\n")) if is_crlf_text else digest
    return Fingerprint(digest, text_digest, _INDEX_NAME in content)


def _read_link(path: Path) -> Fingerprint:
    """Hash the target of a link to a folder, relative to the folder of the link: it stays when all of it moves."""
    target = os.path.relpath(os.path.realpath(path), os.path.realpath(path.parent))
    digest = hash_bytes(b"link:" + os.fsencode(target))
    return Fingerprint(digest, digest)


def _read_big(file: BinaryIO) -> Fingerprint:
    hasher, names_index, end = hashlib.sha256(), False, b""
    while chunk := file.read(BIG):
        hasher.update(chunk)
        names_index = names_index or _INDEX_NAME in end + chunk
        end = chunk[1 - len(_INDEX_NAME) :]
    digest = hasher.hexdigest()
    return Fingerprint(digest, digest, names_index)
