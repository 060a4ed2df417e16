"""Restore or run, for each task of a run: makes the parts of its input hash and asks the cache. Reads files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from engine.cache.decision import Decision, decide
from engine.cache.key import Parts
from engine.cache.keying import Keying, Keyings, NodeParts, execution_parts, received_parts
from engine.cache.original import Original, place_of
from engine.core.tasks import Lane, Task
from engine.expressions import Json


@dataclass(frozen=True, slots=True)
class _Last:
    """What was made for the last task of a lane: the next one, another item, has most of it in common."""

    given: Mapping[str, Json]
    node: NodeParts
    reads: Mapping[str, Json]
    edges: Mapping[str, Json]
    received: Parts


class Decider:
    """Decides for the tasks of one run, and knows until each is forgotten what it was decided from."""

    def __init__(self, keyings: Keyings, original: Original | None) -> None:
        self._keyings = keyings
        self._original = original
        self._last: WeakKeyDictionary[Lane, _Last] = WeakKeyDictionary()
        self._made_from: dict[Task, NodeParts] = {}

    def decide(self, task: Task) -> Decision:
        """The decision for `task`, from its files as they are now."""
        last = self._last[task.lane] = self._next(task, self._last.get(task.lane))
        self._made_from[task] = last.node
        parts = execution_parts(last.node, last.received, task.args, task.item)
        original = self._original if task.cache else None
        return decide(original, place_of(task.node.id, task.scope), parts, {})

    def changed(self, task: Task) -> list[str]:
        """The parts of `task` whose files are no longer what they were when it was decided."""
        made_from = self._made_from.get(task)
        return self._keying(task).changed_since(made_from) if made_from is not None else []

    def forget(self, task: Task) -> None:
        """The task has ended."""
        self._made_from.pop(task, None)

    def _next(self, task: Task, last: _Last | None) -> _Last:
        same_node = last is not None and last.given == task.given
        same_received = last is not None and last.reads is task.reads and last.edges is task.edges
        return _Last(
            task.given,
            last.node if last is not None and same_node else self._keying(task).node(task.node, task.given),
            task.reads,
            task.edges,
            last.received if last is not None and same_received else received_parts(task.reads, task.edges),
        )

    def _keying(self, task: Task) -> Keying:
        return self._keyings.of(task.sight.board)
