"""When everything in a run went on: a fold over its executions that grows with the log."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from engine.log.events.events import NodeAttempt
from engine.log.reading.view import NodeStatus
from engine.report.executions import Execution, Place
from engine.report.timing.histogram import Histogram
from engine.report.timing.load import Load
from engine.report.timing.waits import Loads

MOST_FIRST = 64
"""The number of parts that are kept one by one, in the order of their starts."""

_MOST_KEPT = 20


class PartsTiming(Struct):
    """The executions inside a vertex, at any depth, that are no groups themselves.

    `first` are the first of them, `failed` the first that failed, `longest` a heap of (ms, number, execution).
    """

    histogram: Histogram
    load: Load = field(default_factory=Load)
    count: int = 0
    first: list[Execution] = field(default_factory=list)
    failed: list[Execution] = field(default_factory=list)
    longest: list[tuple[float, int, Execution]] = field(default_factory=list)
    running: dict[Place, Execution] = field(default_factory=dict)


class Timing(Struct):
    """The load of a run, and the timing of the parts of each vertex, by its id.

    `kinds` are those of nodes, by id, as far as they are known: nodes of nested experiences are not among them.
    """

    loads: Loads = field(default_factory=Loads)
    parts: dict[str, PartsTiming] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    _started: dict[Place, float] = field(default_factory=dict)
    _ended: dict[Place, float] = field(default_factory=dict)
    _seen: set[Place] = field(default_factory=set)
    _pushed: int = 0

    def add(self, executions: Iterable[Execution]) -> None:
        """Take in executions that changed since the last call. Those that did not change do no harm."""
        changes: list[tuple[float, int, Execution]] = []
        for execution in executions:
            place, started, ended = execution.place, execution.started_ms, execution.ended_ms
            if execution.attempt_id is not None and started is not None and self._started.get(place) != started:
                if place in self._started and place not in self._ended:
                    changes.append((started, -1, execution))  # its end was not logged
                self._started[place] = started
                self._ended.pop(place, None)
                changes.append((started, 1, execution))
            if ended is not None and place not in self._ended:
                self._ended[place] = ended
                if place in self._started:
                    changes.append((max(ended, self._started[place]), -1, execution))
                if execution.scope:
                    self._end_part(execution, ended)
            if execution.scope and place not in self._seen and _is_no_group(execution):
                self._seen.add(place)
                self._begin_part(execution)
        changes.sort(key=lambda change: change[:2])  # at the same time, ends come first
        for at, by, execution in changes:
            self._change_load(execution, at, by)

    def _change_load(self, execution: Execution, at: float, by: int) -> None:
        self.loads.total.change(at, by)
        kind = self.kind(execution)
        if kind is not None:
            self.loads.of_kind.setdefault(kind, Load()).change(at, by)
        if not execution.scope:
            return
        parts = self._parts_of(execution)
        parts.load.change(at, by)
        if by > 0 and execution.place not in self._ended:  # one that took no time has ended already
            parts.running[execution.place] = execution
        else:
            parts.running.pop(execution.place, None)

    def _begin_part(self, execution: Execution) -> None:
        parts = self._parts_of(execution)
        parts.count += 1
        if len(parts.first) < MOST_FIRST:
            parts.first.append(execution)

    def _end_part(self, execution: Execution, ended: float) -> None:
        if not _is_no_group(execution):
            return
        parts, started = self._parts_of(execution), execution.started_ms
        slice_ = parts.histogram.at(ended)
        slice_.ended += 1
        slice_.restored += execution.status is NodeStatus.CACHED
        slice_.failed += execution.status is NodeStatus.FAILED
        for moment in execution.moments:
            if isinstance(moment.event, NodeAttempt):
                parts.histogram.at(moment.at_ms).retried += 1
        if execution.status is NodeStatus.FAILED and len(parts.failed) < _MOST_KEPT:
            parts.failed.append(execution)
        if started is None:
            return
        parts.histogram.busy(started, ended)
        self._pushed += 1
        heapq.heappush(parts.longest, (ended - started, self._pushed, execution))
        if len(parts.longest) > _MOST_KEPT:
            heapq.heappop(parts.longest)

    def _parts_of(self, execution: Execution) -> PartsTiming:
        vertex = execution.scope[0].id
        if vertex not in self.parts:
            begin = execution.started_ms if execution.started_ms is not None else execution.ended_ms
            self.parts[vertex] = PartsTiming(Histogram(begin or 0.0))
        return self.parts[vertex]

    def kind(self, execution: Execution) -> str | None:
        """The kind of an execution's node; None if it is not known."""
        is_nested = any(step.kind.value == "experience" for step in execution.scope)
        return None if is_nested else self.kinds.get(execution.node_id)


def _is_no_group(execution: Execution) -> bool:
    return execution.attempt_id is not None or (execution.started_ms is None and execution.ended_ms is not None)
