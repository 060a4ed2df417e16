"""Which of the tasks that could run do run now:
the limits on concurrency as a pure structure (docs/format.md, Concurrency).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush

from engine.core.tasks import Task
from engine.spec.model import Kind

LLM_LIMIT = 4
LLM_KINDS = frozenset({Kind.AGENT, Kind.SKILL, Kind.CLI_AGENT})


@dataclass(frozen=True, slots=True)
class Limits:
    """`total` bounds all work of a run; `of_kind` bounds some kinds beneath it."""

    total: int
    of_kind: Mapping[Kind, int] = field(default_factory=dict)


def usual_limits(total: int, cores: int) -> Limits:
    """The limits of a run with `--concurrency total` on a machine with `cores`."""
    return Limits(total, {Kind.TOOL: cores, **dict.fromkeys(LLM_KINDS, LLM_LIMIT)})


@dataclass(slots=True)
class _Lane:
    """The tasks of one vertex, in item order; `limit` is for_each.concurrency."""

    position: int
    limit: int
    waiting: deque[Task] = field(default_factory=deque)
    running: int = 0
    queued: bool = False


class Slots:
    """Tasks wait here in the graph's order, then item order, until a slot of every limit that binds them is free."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lanes: dict[str, _Lane] = {}
        self._heaps: dict[Kind, list[tuple[int, str]]] = {}
        self._running: Counter[Kind] = Counter()

    def add(self, task: Task) -> None:
        """Let `task` wait for its slot."""
        lane = self._lanes.get(task.node.id)
        if lane is None:
            limit = task.node.for_each.concurrency if task.node.for_each else 1
            lane = self._lanes[task.node.id] = _Lane(task.position, limit)
        lane.waiting.append(task)
        self._enqueue(task.node.id, task.node.kind, lane)

    def take(self) -> list[Task]:
        """The tasks that may start now; each takes a slot until `release`."""
        taken: list[Task] = []
        while self._running.total() < self._limits.total:
            kind = self._next_kind()
            if kind is None:
                break
            _, vertex = heappop(self._heaps[kind])
            lane = self._lanes[vertex]
            lane.queued = False
            lane.running += 1
            self._running[kind] += 1
            taken.append(lane.waiting.popleft())
            self._enqueue(vertex, kind, lane)
        return taken

    def release(self, task: Task) -> None:
        """Give back the slot of a task that has ended."""
        lane = self._lanes[task.node.id]
        lane.running -= 1
        self._running[task.node.kind] -= 1
        self._enqueue(task.node.id, task.node.kind, lane)

    def drain(self) -> list[Task]:
        """Take out all tasks that still wait: they will not run."""
        waiting = [task for lane in self._lanes.values() for task in lane.waiting]
        self._heaps.clear()
        for lane in self._lanes.values():
            lane.waiting.clear()
            lane.queued = False
        return waiting

    def _enqueue(self, vertex: str, kind: Kind, lane: _Lane) -> None:
        if lane.waiting and not lane.queued and lane.running < lane.limit:
            lane.queued = True
            heappush(self._heaps.setdefault(kind, []), (lane.position, vertex))

    def _next_kind(self) -> Kind | None:
        """The kind with a free slot whose first lane stands first in the graph's order."""
        open_kinds = [
            kind
            for kind, heap in self._heaps.items()
            if heap and self._running[kind] < self._limits.of_kind.get(kind, self._limits.total)
        ]
        return min(open_kinds, key=lambda kind: self._heaps[kind][0], default=None)
