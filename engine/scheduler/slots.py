"""Concurrency slots: chooses which waiting tasks run next (docs/format.md, Concurrency). Pure."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from itertools import count

from msgspec import Struct, field

from engine.experience.model import Kind
from engine.scheduler.tasks import Lane, Task

LLM_LIMIT = 4
LLM_KINDS = frozenset({Kind.AGENT, Kind.SKILL, Kind.CLI_AGENT})


class Limits(Struct, frozen=True):
    """`total` limits all tasks of a run, `of_kind` those of some kinds."""

    total: int
    of_kind: Mapping[Kind, int] = field(default_factory=dict)


def usual_limits(total: int, cores: int) -> Limits:
    """The limits of a run with `--concurrency total` on a machine with `cores`."""
    return Limits(total, {Kind.TOOL: cores, **dict.fromkeys(LLM_KINDS, LLM_LIMIT)})


class HeldBack(Struct, frozen=True):
    """A task that waits because of the limit of its kind."""

    task: Task
    limit: int


class _Queue(Struct):
    """The tasks of one lane, in order of arrival. `number` distinguishes lanes of the same order."""

    lane: Lane
    number: int
    waiting: deque[Task] = field(default_factory=deque)
    running: int = 0
    queued: bool = False


class Slots:
    """Tasks wait here, in the order of their lanes, until every limit that applies to them has a free slot.

    All tasks of a run pass through, however deeply nested, so that each execution counts once.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._queues: dict[Lane, _Queue] = {}
        self._numbers = count()
        self._heaps: dict[Kind, list[tuple[tuple[int, ...], int, _Queue]]] = {}
        self._running: Counter[Kind] = Counter()
        self._reported: set[Kind] = set()

    def add(self, task: Task) -> None:
        """Let `task` wait for its slot."""
        queue = self._queues.get(task.lane)
        if queue is None:
            queue = self._queues[task.lane] = _Queue(task.lane, next(self._numbers))
        queue.waiting.append(task)
        self._enqueue(task.node.kind, queue)

    def take(self) -> list[Task]:
        """The tasks that may start now; each holds a slot until `release`."""
        taken: list[Task] = []
        while self._running.total() < self._limits.total:
            kind = self._next_kind()
            if kind is None:
                break
            queue = heappop(self._heaps[kind])[2]
            queue.queued = False
            if not queue.waiting:
                continue  # all of them were drained
            queue.running += 1
            self._running[kind] += 1
            taken.append(queue.waiting.popleft())
            self._enqueue(kind, queue)
        return taken

    def held_back(self) -> list[HeldBack]:
        """Tasks that only the limit of their kind holds back: the first of each kind, reported once."""
        held = []
        for kind, limit in self._limits.of_kind.items():
            heap = self._heaps.get(kind)
            if heap and kind not in self._reported and limit <= self._running[kind] < self._limits.total:
                self._reported.add(kind)
                queue = heap[0][2]
                held += [HeldBack(queue.waiting[0], limit)] if queue.waiting else []
        return held

    def release(self, task: Task) -> None:
        """Give back the slot of a task that has ended."""
        queue = self._queues[task.lane]
        queue.running -= 1
        self._running[task.node.kind] -= 1
        self._enqueue(task.node.kind, queue)
        self._forget(queue)

    def drain(self, wanted: Callable[[Task], bool]) -> list[Task]:
        """Remove the waiting tasks for which `wanted` is true: they will not run."""
        drained: list[Task] = []
        for queue in list(self._queues.values()):
            gone = [task for task in queue.waiting if wanted(task)]
            if gone:
                drained += gone
                queue.waiting = deque(task for task in queue.waiting if not wanted(task))
                self._forget(queue)
        return drained

    def _forget(self, queue: _Queue) -> None:
        if not queue.waiting and not queue.running:
            self._queues.pop(queue.lane, None)

    def _enqueue(self, kind: Kind, queue: _Queue) -> None:
        limit = queue.lane.limit
        if queue.waiting and not queue.queued and (limit is None or queue.running < limit):
            queue.queued = True
            heappush(self._heaps.setdefault(kind, []), (queue.lane.order, queue.number, queue))

    def _next_kind(self) -> Kind | None:
        """The kind with a free slot whose first lane comes first in the graph's order."""
        open_kinds = [
            kind
            for kind, heap in self._heaps.items()
            if heap and self._running[kind] < self._limits.of_kind.get(kind, self._limits.total)
        ]
        return min(open_kinds, key=lambda kind: self._heaps[kind][0][:2], default=None)
