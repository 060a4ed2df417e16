"""Reads run logs, whole or as they grow. Tolerates damage, except in the first line.

Time and memory are linear in the bytes read; the limits are in docs/design.md, The run log.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from engine.log.events.codec import MalformedEventError, NewerLogError, decode
from engine.log.events.events import LOG_VERSION, Record, RunStarted
from engine.log.storage.safe_open import open_own

MAX_LINE_BYTES = 16 * 1024 * 1024
"""No engine writes longer lines: values over 64 KiB are in blobs."""

MAX_LOG_BYTES = 1024 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024


class UnreadableLogError(ValueError):
    """A log that can be neither resumed nor shown. The message is for the user."""


class LogProblem(Struct, frozen=True):
    """A line, 1-based, that could not be read and is ignored."""

    line: int
    message: str


class Log(Struct, frozen=True):
    """The readable records of a log. `records[0]` is its run.started."""

    path: Path
    records: tuple[Record, ...]
    problems: tuple[LogProblem, ...]

    @property
    def started(self) -> RunStarted:
        """The first event."""
        event = self.records[0].event
        assert isinstance(event, RunStarted)  # read_log ensures it
        return event


def read_log(path: Path) -> Log:
    """Read a whole log. Ignores a torn last line; a corrupt line before it becomes a problem.

    Raises UnreadableLogError if the first line is no run.started, or the log is of a newer version or over
    MAX_LOG_BYTES; and OSError.
    """
    tail = LogTail(path)
    records = tuple(tail.poll())
    is_headless = bool(tail.problems) and tail.problems[0].line == 1
    if is_headless or not records or not isinstance(records[0].event, RunStarted):
        raise UnreadableLogError(
            f"{path} does not begin with a readable run.started line, so it cannot be used. Was it cut off or edited?"
        )
    return Log(path, records, tuple(tail.problems))


class LogTail:
    """Follows one log. Each `poll` yields the records of the lines completed since the last one."""

    def __init__(self, path: Path) -> None:
        self.problems: list[LogProblem] = []
        self._path = path
        self._offset = 0
        self._inode: int | None = None
        self._line = 0
        self._torn: list[bytes] = []
        self._torn_bytes = 0

    def poll(self) -> Iterator[Record]:
        """The new records, in order.

        Raises UnreadableLogError if the log is of a newer version or over MAX_LOG_BYTES, and OSError.
        """
        with open_own(self._path) as file:
            self._inode = os.fstat(file.fileno()).st_ino
            file.seek(self._offset)
            while chunk := file.read(_CHUNK_BYTES):
                self._offset += len(chunk)
                if self._offset > MAX_LOG_BYTES:
                    raise UnreadableLogError(f"{self._path} is over 1 GiB, which is the limit for a log")
                yield from self._records(chunk)

    def was_replaced(self) -> bool:
        """Whether the file at the path is not the one that was read, or shorter than what was read. Raises OSError."""
        now = self._path.stat(follow_symlinks=False)
        return self._inode not in (None, now.st_ino) or now.st_size < self._offset

    def has_read_all(self) -> bool:
        """Whether these were all lines of the log as it is now; not if it was cut or rewritten. Raises OSError."""
        return not self.problems and self._path.stat().st_size == self._offset

    def _records(self, chunk: bytes) -> Iterator[Record]:
        *lines, torn = chunk.split(b"\n")
        for line in lines:
            self._add_part(line)
            yield from self._finish_line()
        self._add_part(torn)

    def _add_part(self, part: bytes) -> None:
        """Keep a part of the current line, unless the line is too long already."""
        self._torn_bytes += len(part)
        if self._torn_bytes <= MAX_LINE_BYTES:
            self._torn.append(part)

    def _finish_line(self) -> Iterator[Record]:
        line, is_too_long = b"".join(self._torn), self._torn_bytes > MAX_LINE_BYTES
        self._torn, self._torn_bytes = [], 0
        self._line += 1
        if is_too_long:
            self.problems.append(LogProblem(self._line, f"longer than {MAX_LINE_BYTES // 1024 // 1024} MiB"))
            return
        try:
            record = read_line(line, self._path)
        except MalformedEventError as error:
            self.problems.append(LogProblem(self._line, str(error)))
            return
        if record is not None:
            yield record


def read_line(line: bytes, path: Path) -> Record | None:
    """The record of one line of the log at `path`, without its line break; None for an unknown type.

    Raises MalformedEventError, and UnreadableLogError for a newer log version.
    """
    try:
        return decode(line)
    except NewerLogError as error:
        raise UnreadableLogError(
            f"{path} was written by a newer oe (log version {error.version}, this one reads {LOG_VERSION}): update oe."
        ) from error
