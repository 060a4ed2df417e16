"""An index of one log by node, so that a few executions can be read from a log of any length.

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
from msgspec import Struct

from engine.log.events.codec import MalformedEventError
from engine.log.events.counters import Count
from engine.log.events.events import Event, Record, RunFinished, RunStarted, ScopeKind
from engine.log.reading.execution_lines import KEPT_TYPES, NO_ITEM, ExecutionLines, Lines
from engine.log.reading.index_file import Stamp, stamp_of
from engine.log.reading.reader import MAX_LINE_BYTES, MAX_LOG_BYTES, UnreadableLogError, read_line
from engine.log.storage.safe_open import open_own

_CHUNK_BYTES = 1024 * 1024


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
_NONE = ExecutionLines()


class LogLines:
    """The lines of one log, as far as `update` has read it. Not for several threads at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: Stamp | None = None
        self._forget()

    def update(self) -> bool:
        """Read what was added since the last call. A log that was replaced or cut is read anew. False: nothing is new.

        Raises UnreadableLogError for a log that does not begin with a readable run.started, is of a newer version or
        longer than the reader allows; and OSError.
        """
        stamp = stamp_of(self.path)
        if stamp == self._stamp:
            return False
        if self._stamp is not None and (stamp[2] != self._stamp[2] or stamp[0] < self._read_to):
            self._forget()
        try:
            self._read_on()
        except BaseException:  # also the end of a thread that took too long: nothing half read may stay
            self._forget()
            raise
        self._stamp = stamp
        return True

    def whole(self, node_id: str) -> Lines | None:
        """The lines of a vertex of the graph that are not about a part of it."""
        found = self._wholes.get(node_id, _NONE).first(1, lambda *_: ())
        return found[0] if found else None

    def parts(self, node_id: str) -> ExecutionLines:
        """The executions of a node of the run's own experience for an item, in a stage or an iteration."""
        return self._parts.get(node_id, _NONE)

    def inside(self, vertex: str) -> ExecutionLines:
        """The executions inside a pipeline, loop or nested experience."""
        return self._inside.get(vertex, _NONE)

    def writes(self, name: str) -> array[int]:
        """The numbers of the lines with outputs that write a state field of the run's own experience."""
        return self._writes.get(name, array("L"))

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
        self._wholes: dict[str, ExecutionLines] = {}
        self._parts: dict[str, ExecutionLines] = {}
        self._inside: dict[str, ExecutionLines] = {}
        self._writes: dict[str, array[int]] = {}

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
        elif head.type in KEPT_TYPES:
            self._add_to_execution(head, number)

    def _add_to_execution(self, head: _Head, number: int) -> None:
        scope = head.scope
        place = hash((head.node_id, *((step.kind, step.id, _which(step)) for step in scope)))
        item = next((step.item.index for step in reversed(scope) if step.item is not None), NO_ITEM)
        for step in scope:
            if step.kind != ScopeKind.FANOUT.value:
                _of(step.id, self._inside).add(number, head.type, place, item)
            if step.kind == ScopeKind.EXPERIENCE.value:
                return  # its nodes and fields are those of another experience
        _of(head.node_id, self._parts if scope else self._wholes).add(number, head.type, place, item)
        for name in head.output.state_delta if head.output is not None else ():
            self._writes.setdefault(name, array("L")).append(number)

    def _record_in(self, line: int) -> Record | None:
        with open_own(self.path) as file:
            return self._record(file.fileno(), line)

    def _record(self, log: int, line: int) -> Record | None:
        start = self._offsets[line]
        end = self._offsets[line + 1] if line + 1 < len(self._offsets) else self._read_to
        with contextlib.suppress(MalformedEventError, UnreadableLogError):
            return read_line(os.pread(log, end - start - 1, start), self.path)
        return None


def _of(id_: str, known: dict[str, ExecutionLines]) -> ExecutionLines:
    if id_ not in known:
        known[id_] = ExecutionLines()
    return known[id_]


def _head(line: bytes) -> _Head | None:
    try:
        return _HEADS.decode(line.removeprefix(codecs.BOM_UTF8))
    except (ValueError, RecursionError):
        return None


def _which(step: _Step) -> str:
    if step.item is not None:
        return step.item.key
    return "" if step.iteration is None else str(step.iteration)


def _require_start(line: bytes, path: Path) -> None:
    with contextlib.suppress(MalformedEventError):
        record = read_line(line, path)
        if record is not None and isinstance(record.event, RunStarted):
            return
    raise _headless(path)


def _headless(path: Path) -> UnreadableLogError:
    return UnreadableLogError(f"{path} does not begin with a readable run.started line")
