"""Where the executions of each node are in a log: a few of them can be read from a log of any length, at any time.

Reads each line once, and keeps where it is, not what it says.
"""

from __future__ import annotations

import codecs
import contextlib
import os
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct, field

from engine.collector import paused_collector
from engine.log.events.codec import MalformedEventError
from engine.log.events.counters import Count
from engine.log.events.events import (
    Event,
    NodeAttempt,
    NodeCached,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
    NodeStarted,
    Record,
    RunFinished,
    RunStarted,
    ScopeKind,
)
from engine.log.reading.index_file import Stamp, stamp_of
from engine.log.reading.reader import MAX_LINE_BYTES, MAX_LOG_BYTES, UnreadableLogError, read_line
from engine.log.storage.safe_open import open_own

_CHUNK_BYTES = 1024 * 1024

ENDS = frozenset(
    {NodeCached.type, NodeCompleted.type, NodeFailed.type, NodeSkipped.type, NodeCancelled.type},
)
"""The types of events that end an execution."""

_KEPT = ENDS | {NodeStarted.type, NodeAttempt.type}


class _Item(Struct):
    index: Count = 0
    key: str = ""


class _Step(Struct):
    kind: str = ""
    id: str = ""
    item: _Item | None = None
    iteration: Count | None = None


class _Output(Struct, rename="camel"):
    state_delta: dict[str, msgspec.Raw] = {}


class _Head(Struct, rename="camel"):
    """What says where a line belongs. msgspec skips the rest without building it."""

    type: str = ""
    seq: Count = 0
    node_id: str = ""
    scope: tuple[_Step, ...] = ()
    output: _Output | None = None


_HEADS = msgspec.json.Decoder(_Head)

Place = tuple[tuple[tuple[str, str, str], ...], str]
"""The place of an execution: its scope (kind, id, and key or iteration of each step) and the id of its node."""


class ExecutionLines(Struct):
    """The numbers of the lines of one execution in a log, and the type of the last one.

    `item` is the index of its innermost item, None outside of fan-outs and pipelines.
    """

    place: Place
    item: int | None = None
    lines: list[int] = field(default_factory=list)
    last: str = ""

    @property
    def node_id(self) -> str:
        """The id of its node."""
        return self.place[1]

    @property
    def has_ended(self) -> bool:
        """Whether its end is in the log."""
        return self.last in ENDS


class LogLines:
    """The lines of one log, as far as `update` has read it. Not for several threads at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: Stamp | None = None
        self._forget()

    def update(self) -> None:
        """Read what was added since the last call. A log that was replaced or cut is read anew.

        Raises UnreadableLogError for a log that does not begin with a readable run.started, is of a newer version or
        longer than the reader allows; and OSError.
        """
        stamp = stamp_of(self.path)
        if stamp == self._stamp:
            return
        if self._stamp is not None and (stamp[2] != self._stamp[2] or stamp[0] < self._read_to):
            self._forget()
        try:
            with paused_collector():
                self._read_on()
        except BaseException:  # also the end of a thread that took too long: nothing half read may stay
            self._forget()
            raise
        self._stamp = stamp

    def executions(self, node_id: str) -> list[ExecutionLines]:
        """The executions of a node of the run's own experience, in the order of their first lines."""
        return self._of_node.get(node_id, [])

    def inside(self, vertex: str) -> list[ExecutionLines]:
        """The executions inside a pipeline, loop or nested experience, likewise."""
        return self._inside.get(vertex, [])

    def writes(self, name: str) -> list[int]:
        """The numbers of the lines with outputs that write a state field of the run's own experience."""
        return self._writes.get(name, [])

    def started(self) -> Record:
        """The first line. Raises UnreadableLogError if it is gone meanwhile, and OSError."""
        record = self._record_in(0)
        if record is None or not isinstance(record.event, RunStarted):
            raise _headless(self.path)
        return record

    def finished(self) -> Record | None:
        """The line of run.finished, if there is one. Raises OSError."""
        return None if self._finished is None else self._record_in(self._finished)

    def records(self, lines: Iterable[int]) -> list[Record]:
        """The records in these lines, without unreadable ones. Raises OSError."""
        with open_own(self.path) as file:
            found = [self._record(file.fileno(), line) for line in lines]
        return [record for record in found if record is not None]

    def event(self, seq: int) -> Event | None:
        """The event with this `seq`; None where there is none, or it cannot be read."""
        line = bisect_left(self._seqs, seq)
        if line == len(self._seqs) or self._seqs[line] != seq:
            return None
        with contextlib.suppress(OSError):
            record = self._record_in(line)
            return record.event if record is not None and record.seq == seq else None
        return None

    def _forget(self) -> None:
        self._stamp = None
        self._read_to: int = 0
        self._offsets = array("Q")
        self._seqs = array("q")
        self._finished: int | None = None
        self._known: dict[Place, ExecutionLines] = {}
        self._of_node: dict[str, list[ExecutionLines]] = {}
        self._inside: dict[str, list[ExecutionLines]] = {}
        self._writes: dict[str, list[int]] = {}

    def _read_on(self) -> None:
        with open_own(self.path) as file:
            if self._read_to and os.pread(file.fileno(), 1, self._read_to - 1) != b"\n":
                self._forget()  # other text than before
            file.seek(self._read_to)
            torn = b""
            while chunk := file.read(_CHUNK_BYTES):
                *lines, torn = (torn + chunk).split(b"\n")
                for line in lines:
                    self._add(line)
                if self._read_to > MAX_LOG_BYTES or len(torn) > MAX_LINE_BYTES:
                    raise UnreadableLogError(f"{self.path} is longer than any log, or has a line that is")
        if not self._offsets:
            raise _headless(self.path)

    def _add(self, line: bytes) -> None:
        number = len(self._offsets)
        if number == 0:
            _require_start(line, self.path)
        head = _head(line)
        self._offsets.append(self._read_to)
        self._read_to += len(line) + 1
        # A line that cannot be read takes the number of the one before, so that the numbers stay sorted.
        self._seqs.append(head.seq if head is not None else self._seqs[-1])
        if head is None:
            return
        if head.type == RunFinished.type:
            self._finished = number
        elif head.type in _KEPT:
            self._add_to_execution(head, number)

    def _add_to_execution(self, head: _Head, number: int) -> None:
        place = tuple((step.kind, step.id, _which(step)) for step in head.scope), head.node_id
        execution = self._known.get(place)
        if execution is None:
            item = next((step.item.index for step in reversed(head.scope) if step.item is not None), None)
            execution = self._known[place] = ExecutionLines(place, item)
            self._file(execution)
        execution.lines.append(number)
        execution.last = head.type
        if head.output is not None and not _is_nested(place):
            for name in head.output.state_delta:
                self._writes.setdefault(name, []).append(number)

    def _file(self, execution: ExecutionLines) -> None:
        """Make an execution known under its node, and under what it is inside of."""
        if not _is_nested(execution.place):
            self._of_node.setdefault(execution.node_id, []).append(execution)
        for kind, id_, _ in execution.place[0]:
            if kind != ScopeKind.FANOUT.value:
                self._inside.setdefault(id_, []).append(execution)
            if kind == ScopeKind.EXPERIENCE.value:
                return  # further ids are those of another experience

    def _record_in(self, line: int) -> Record | None:
        with open_own(self.path) as file:
            return self._record(file.fileno(), line)

    def _record(self, log: int, line: int) -> Record | None:
        start = self._offsets[line]
        end = self._offsets[line + 1] if line + 1 < len(self._offsets) else self._read_to
        with contextlib.suppress(MalformedEventError, UnreadableLogError):
            return read_line(os.pread(log, end - start - 1, start), self.path)
        return None


def _head(line: bytes) -> _Head | None:
    try:
        return _HEADS.decode(line.removeprefix(codecs.BOM_UTF8))
    except (ValueError, RecursionError):
        return None


def _which(step: _Step) -> str:
    if step.item is not None:
        return step.item.key
    return "" if step.iteration is None else str(step.iteration)


def _is_nested(place: Place) -> bool:
    return any(kind == ScopeKind.EXPERIENCE.value for kind, _, _ in place[0])


def _require_start(line: bytes, path: Path) -> None:
    with contextlib.suppress(MalformedEventError):
        record = read_line(line, path)
        if record is not None and isinstance(record.event, RunStarted):
            return
    raise _headless(path)


def _headless(path: Path) -> UnreadableLogError:
    return UnreadableLogError(f"{path} does not begin with a readable run.started line")
