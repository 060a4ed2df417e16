"""Reads the first and the last line of a log, which are all that lists and the state need of most runs."""

from __future__ import annotations

import os
import re
from pathlib import Path

from msgspec import Struct

from engine.log.events.codec import MalformedEventError
from engine.log.events.events import Record, RunFinished, RunStarted
from engine.log.reading.reader import MAX_LINE_BYTES, UnreadableLogError, read_line
from engine.log.storage.safe_open import open_own

_CHUNK = 2048
_SEARCH_CHUNK = 1024 * 1024
_FAILED = re.compile(rb'"failed":\s{0,9}[1-9]')
_LONGEST_COUNT = 20


class Ends(Struct, frozen=True):
    """The run.started of a log, and its run.finished if the run has ended."""

    started: Record
    finished: Record | None

    @property
    def records(self) -> tuple[Record, ...]:
        """The records that there are, to be folded."""
        return (self.started,) if self.finished is None else (self.started, self.finished)


def read_ends(path: Path) -> Ends:
    """Read the first and the last line of a log of any length. Ignores a torn line after the last line break.

    Raises UnreadableLogError as `read_log` does, and OSError.
    """
    with open_own(path) as file:
        first = _read(_first_line(file.fileno()), path)
        if first is None or not isinstance(first.event, RunStarted):
            raise UnreadableLogError(f"{path} does not begin with a readable run.started line")
        last = _read(_last_line(file.fileno()), path)
    return Ends(first, last if last is not None and isinstance(last.event, RunFinished) else None)


def mentions_failed_items(path: Path) -> bool:
    """Whether a log may contain a count of failed items. Much faster than decoding it.

    Raises OSError.
    """
    with open_own(path) as file:
        last = b""
        while chunk := file.read(_SEARCH_CHUNK):
            if _FAILED.search(last + chunk):
                return True
            last = chunk[-_LONGEST_COUNT:]
    return False


def _first_line(log: int) -> bytes:
    line = b""
    while b"\n" not in line and len(line) <= MAX_LINE_BYTES:
        chunk = os.pread(log, max(_CHUNK, len(line)), len(line))
        if not chunk:
            break
        line += chunk
    return line[: max(0, line.find(b"\n"))]


def _last_line(log: int) -> bytes:
    """The last whole line, between the last two line breaks, searched from the end in growing steps."""
    start = os.fstat(log).st_size
    tail = b""
    while start > 0 and tail.count(b"\n") < 2 and len(tail) <= MAX_LINE_BYTES:
        step = min(start, max(_CHUNK, len(tail)))
        start -= step
        tail = os.pread(log, step, start) + tail
    lines = tail.split(b"\n")
    return lines[-2] if len(lines) > 1 else b""


def _read(line: bytes, path: Path) -> Record | None:
    try:
        return read_line(line, path)
    except MalformedEventError:
        return None
