"""The first and the last line of a log, without what lies between: all that a list or the state needs of most runs."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from engine.log.codec import MalformedEventError, decode
from engine.log.events import Record, RunFinished, RunStarted
from engine.log.reader import UnreadableLogError, refuse_newer

_CHUNK = 2048


@dataclass(frozen=True, slots=True)
class Ends:
    """The run.started of a log, and its run.finished where the run has ended."""

    started: Record
    finished: Record | None


def read_ends(path: Path) -> Ends:
    """Read both ends of a log, however long it is. What follows the last line break is torn and does not count.

    Raises UnreadableLogError as `read_log` does, and OSError.
    """
    with path.open("rb", buffering=0) as file:
        first = _read(_first_line(file), path)
        if first is None or not isinstance(first.event, RunStarted):
            raise UnreadableLogError(f"{path} does not begin with a readable run.started line.")
        last = _read(_last_line(file), path)
    return Ends(first, last if last is not None and isinstance(last.event, RunFinished) else None)


def _first_line(file: IO[bytes]) -> bytes:
    line = b""
    while b"\n" not in line:
        chunk = file.read(max(_CHUNK, len(line)))
        if not chunk:
            return b""
        line += chunk
    return line[: line.index(b"\n")]


def _last_line(file: IO[bytes]) -> bytes:
    """The last whole line: what stands between the last two line breaks, found from the end in growing steps."""
    start = file.seek(0, os.SEEK_END)
    tail = b""
    while start > 0 and tail.count(b"\n") < 2:
        step = min(start, max(_CHUNK, len(tail)))
        start = file.seek(start - step)
        tail = file.read(step) + tail
    lines = tail.split(b"\n")
    return lines[-2] if len(lines) > 1 else b""


def _read(line: bytes, path: Path) -> Record | None:
    try:
        fields = json.loads(line)
        if not isinstance(fields, dict):
            return None
        refuse_newer(fields, path)
        return decode(fields)
    except (ValueError, RecursionError, MalformedEventError) as error:
        if isinstance(error, UnreadableLogError):
            raise
        return None
