"""The file `.openexpertise/runs.index`: a line for each log, with its stamp and its run as in `oe runs --json`."""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import Any

from engine.log.storage.safe_open import read_own

FILE = "runs.index"
HEADER = b'{"v":3}'

Stamp = tuple[int, int, int]
"""Size, modification time and inode of a log, of which at least one changes whenever the log does."""

RunJson = dict[str, Any]
"""A run as one object of `oe runs --json`."""

_MAX_BYTES = 64 * 1024 * 1024
_ID = slice(0, 36)


class IndexFile:
    """The lines of the file at `path`. Empty where there is no such file, or one of another version."""

    def __init__(self, path: Path) -> None:
        self.lines = _lines(path)

    def entry(self, run_id: str) -> tuple[Stamp, RunJson | None] | None:
        """The stamp of a run's log and the run, None for a log that could not be read.

        None where there is no line for the run, or a damaged one. The line may be forged: check what is in it.
        """
        line = self.lines.get(run_id.encode())
        try:
            return None if line is None else _decoded(run_id, line)
        except (ValueError, TypeError, RecursionError):
            return None


def line_of(run_id: str, stamp: Stamp, run: RunJson | None) -> bytes:
    """The line for a run, as `IndexFile.lines` holds it."""
    text = json.dumps([*stamp, run]).encode()
    return b"%08x\t%b" % (_checksum(run_id, text), text)


def stamp_of(log: Path) -> Stamp:
    """The present stamp of a log. Raises OSError."""
    status = os.lstat(log)
    return status.st_size, status.st_mtime_ns, status.st_ino


def _lines(path: Path) -> dict[bytes, bytes]:
    try:
        header, *lines = read_own(path, _MAX_BYTES).split(b"\n")
    except OSError:
        return {}
    if header != HEADER:
        return {}
    return {line[_ID]: line[_ID.stop + 1 :] for line in lines if line[_ID.stop : _ID.stop + 1] == b"\t"}


def _checksum(run_id: str, text: bytes) -> int:
    return zlib.crc32(run_id.encode() + text)


def _decoded(run_id: str, line: bytes) -> tuple[Stamp, RunJson | None]:
    """Raises ValueError, TypeError or RecursionError where `line_of` did not write the line."""
    checksum, _, text = line.partition(b"\t")
    if int(checksum, 16) != _checksum(run_id, text):
        raise ValueError("a damaged line")
    size, mtime_ns, inode, run = json.loads(text)
    if b"\\ud" in text:
        json.dumps(run, ensure_ascii=False).encode()  # raises for a lone surrogate
    return (size, mtime_ns, inode), run
