"""The first and the last line of a log, without what lies between: all that a list or the state needs of most runs."""

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
_SEARCHED = 1024 * 1024
_FAILED = re.compile(rb'"failed":\s{0,9}[1-9]')
_LONGEST_COUNT = 20


class Ends(Struct, frozen=True):
    """The run.started of a log, and its run.finished where the run has ended."""

    started: Record
    finished: Record | None

    @property
    def records(self) -> tuple[Record, ...]:
        """What there is of the two, to be folded."""
        return (self.started,) if self.finished is None else (self.started, self.finished)


def read_ends(path: Path) -> Ends:
    """Read both ends of a log, however long it is. What follows the last line break is torn and does not count.

    Raises UnreadableLogError as `read_log` does, and OSError.
    """
    with open_own(path) as file:
        first = _read(_first_line(file.fileno()), path)
        if first is None or not isinstance(first.event, RunStarted):
            raise UnreadableLogError(f"{path} does not begin with a readable run.started line")
        last = _read(_last_line(file.fileno()), path)
    return Ends(first, last if last is not None and isinstance(last.event, RunFinished) else None)


def mentions_failed_items(path: Path) -> bool:
    """Whether there may be a count of failed items anywhere in a log: far quicker than to read all that it says.

    Raises OSError.
    """
    with open_own(path) as file:
        last = b""
        while chunk := file.read(_SEARCHED):
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
    """The last whole line: what stands between the last two line breaks, found from the end in growing steps."""
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
