"""Reads run logs, whoever wrote them: whole, or as they grow. Tolerant, except of a first line that says nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.log.codec import MalformedEventError, decode
from engine.log.events import LOG_VERSION, Record, RunStarted


class UnreadableLogError(ValueError):
    """A log that cannot be resumed from or shown at all. The message is for the user."""


@dataclass(frozen=True, slots=True)
class LogProblem:
    """A line, 1-based, that could not be read; what it held is lost, the rest is not."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Log:
    """A run's log as far as it can be read. `records[0]` is its run.started."""

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
    """Read a whole log. A torn last line is ignored, a corrupt one in the middle becomes a problem.

    Raises UnreadableLogError where the first line is no run.started or the log is of a newer version, and OSError.
    """
    tail = LogTail(path)
    records = tuple(tail.poll())
    if not records or not isinstance(records[0].event, RunStarted):
        raise UnreadableLogError(
            f"{path} does not begin with a readable run.started line, so it cannot be used. Was it cut off or edited?"
        )
    return Log(path, records, tuple(tail.problems))


class LogTail:
    """Follows one log. Each `poll` yields the records of the lines that were completed since the last one."""

    def __init__(self, path: Path) -> None:
        self.problems: list[LogProblem] = []
        self._path = path
        self._offset = 0
        self._line = 0
        self._torn = b""

    def poll(self) -> Iterator[Record]:
        """The new records, in order. Raises UnreadableLogError for a newer log version, and OSError."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            chunk = file.read()
        self._offset += len(chunk)
        lines = (self._torn + chunk).split(b"\n")
        self._torn = lines.pop()
        for line in lines:
            self._line += 1
            record = self._read(line)
            if record is not None:
                yield record

    def _read(self, line: bytes) -> Record | None:
        try:
            fields: Any = json.loads(line)
        except (ValueError, RecursionError):
            self.problems.append(LogProblem(self._line, "not JSON"))
            return None
        if not isinstance(fields, dict):
            self.problems.append(LogProblem(self._line, "not a JSON object"))
            return None
        refuse_newer(fields, self._path)
        try:
            return decode(fields)
        except MalformedEventError as error:
            self.problems.append(LogProblem(self._line, str(error)))
            return None


def refuse_newer(fields: dict[str, Any], path: Path) -> None:
    """Raise UnreadableLogError where the line `fields` begins a log of a version that this one cannot read."""
    version = fields.get("v")
    if fields.get("type") == RunStarted.type and isinstance(version, int) and version > LOG_VERSION:
        raise UnreadableLogError(
            f"{path} was written by a newer oe (log version {version}, this one reads {LOG_VERSION}): update oe."
        )
