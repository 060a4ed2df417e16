"""Decides for each task of a run whether it is restored or runs: makes its input parts, asks the cache. Reads files."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Mapping
from functools import partial
from pathlib import Path
from weakref import WeakKeyDictionary

from msgspec import Struct

from engine.cache.decisions.decision import Decision, decide, first_decision
from engine.cache.decisions.execution_path import path_of
from engine.cache.decisions.overrides import Overrides
from engine.cache.decisions.recorded_outcomes import RecordedOutcomes
from engine.cache.decisions.reuse_policy import ReusePolicy, reuse_policy
from engine.cache.keys.input_hash import Parts, input_key, settings_parts
from engine.cache.keys.input_parts import (
    InputHasher,
    InputHashers,
    NodeParts,
    execution_parts,
    received_parts,
    same_given,
)
from engine.cache.keys.produced_files import ProducedFiles
from engine.expressions import Json
from engine.nodes.kind import HasSlowSettings
from engine.scheduler.state.writes import unfit
from engine.scheduler.tasks import Lane, Task

_TICK_NS = 50_000_000
"""How far file timestamps may lag behind the system clock."""


class _Last(Struct, frozen=True):
    """Parts made for the last task of a lane; the next item has most of them in common."""

    given: Mapping[str, Json]
    node: NodeParts
    reads: Mapping[str, Json]
    edges: Mapping[str, Json]
    received: Parts


class Decider:
    """Decides for the tasks of one run, and keeps until `forget` what each decision is based on.

    `may_rerun` are the nodes that may run although an earlier run started them and did not log their end; `overrides`
    is what else a person asked for.
    """

    def __init__(
        self,
        hashers: InputHashers,
        original: RecordedOutcomes | None,
        may_rerun: Collection[str] = (),
        overrides: Overrides | None = None,
    ) -> None:
        self._hashers = hashers
        self._original = original
        self._may_rerun = may_rerun
        self._overrides = overrides or Overrides()
        self._last: WeakKeyDictionary[Lane, _Last] = WeakKeyDictionary()
        self._made_from: dict[Task, NodeParts] = {}
        self._found: dict[Task, Mapping[str, Json]] = {}

    def look_first(self, task: Task) -> Coroutine[None, None, None] | None:
        """The search to await before `decide`, if the task has settings that take long to find."""
        if not task.given or task in self._found:
            return None
        last = self._last.get(task.lane)
        if last is not None and same_given(last.given, task.given):
            return None
        kind = self._hasher(task).with_slow_settings(task.node, task.given)
        return self._look(task, kind) if kind is not None else None

    async def _look(self, task: Task, kind: HasSlowSettings) -> None:
        try:
            finding = kind.find_settings(task.node, task.given)
            self._found[task] = await asyncio.wait_for(finding, task.node.timeout_ms / 1000)
        except asyncio.TimeoutError:
            self._found[task] = {}  # it is not restored, and its execution reports the timeout

    def decide(self, task: Task) -> Decision:
        """The decision for `task`, from its files as they are now."""
        last = self._next(task, self._last.get(task.lane) if task.item is not None else None)
        if task.item is not None:  # only items follow one another in a lane
            self._last[task.lane] = last
        self._made_from[task] = last.node
        hash_of = self._hasher(task).hash_of
        parts = execution_parts(last.node, last.received, task.args, task.item, task.shown_args, hash_of)
        key = input_key(parts, last.node.used_args)
        if self._original is None:
            made = first_decision(key)
        else:
            path = path_of(task.node.id, task.scope)
            refusal = lambda output: unfit(task.visible_state, task.node, output.state_delta)  # noqa: E731
            made = decide(self._original, path, key, {}, refusal, self._policy(task))
        return self._overrides.applied(made, self._original, task.node.id, task.scope)

    def digests(self, task: Task) -> Mapping[Path, str]:
        """The digests, at the time of the decision, of the files that `task` will use."""
        made_from = self._made_from.get(task)
        return made_from.digests if made_from is not None else {}

    def changed(self, task: Task, settings: Mapping[str, Json]) -> list[str]:
        """What changed since the decision about `task`, such as `impl t.py changed`.

        Compares its files, and the `settings` that its execution found.
        """
        made_from = self._made_from.get(task)
        if made_from is None:
            return []
        found = settings_parts(settings)
        other = [f"{name} changed" for name, part in found.items() if made_from.parts.get(name) != part]
        return [*self._hasher(task).changed_since(made_from), *other]

    def produced(self, task: Task, began_ns: int) -> ProducedFiles | None:
        """The declared files that `task` made; None if its node declares none.

        For an item, only those changed since it began: the others belong to other items.
        """
        if not task.node.produces:
            return None
        return self._hasher(task).produced(task.node, began_ns - _TICK_NS if task.item is not None else None)

    def forget(self, task: Task) -> None:
        """Drop what is kept for a task that has ended."""
        self._made_from.pop(task, None)
        self._found.pop(task, None)

    def _next(self, task: Task, last: _Last | None) -> _Last:
        same_node = last is not None and same_given(last.given, task.given)
        same_received = last is not None and last.reads is task.reads and last.edges is task.edges
        return _Last(
            task.given,
            last.node if last is not None and same_node else self._node_parts(task),
            task.reads,
            task.edges,
            last.received if last is not None and same_received else self._received_parts(task),
        )

    def _received_parts(self, task: Task) -> Parts:
        return received_parts(task.reads, task.edges, self._hasher(task).hash_of)

    def _node_parts(self, task: Task) -> NodeParts:
        return self._hasher(task).node(task.node, task.given, self._found.pop(task, None), task.shown_given)

    def _policy(self, task: Task) -> ReusePolicy:
        node = task.node
        hasher, may_rerun = self._hasher(task), node.id in self._may_rerun
        stale_files = partial(hasher.stale_files, node) if node.produces else None
        reloaded = hasher.reloaded
        return reuse_policy(
            node, task.inside, cache=task.cache, may_rerun=may_rerun, stale_files=stale_files, reloaded=reloaded
        )

    def _hasher(self, task: Task) -> InputHasher:
        return self._hashers.of(task.visible_state.results)
