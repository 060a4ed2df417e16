"""Restore or run, for each task of a run: makes the parts of its input hash and asks the cache. Reads files."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Mapping
from functools import partial
from pathlib import Path
from weakref import WeakKeyDictionary

from msgspec import Struct

from engine.cache.decisions.decision import Decision, decide, first_decision
from engine.cache.decisions.execution_path import place_of
from engine.cache.decisions.recorded_outcomes import Original
from engine.cache.decisions.reuse_policy import Terms, terms_of
from engine.cache.keys.input_hash import Parts, settings_parts
from engine.cache.keys.input_parts import Keying, Keyings, NodeParts, execution_parts, received_parts, same_given
from engine.cache.keys.produced_files import Products
from engine.expressions import Json
from engine.nodes.kind import HasSlowSettings
from engine.scheduler.state.writes import unfit
from engine.scheduler.tasks import Lane, Task

_TICK_NS = 50_000_000
"""How far the clock that stamps files may be behind the one that is asked for the time."""


class _Last(Struct, frozen=True):
    """What was made for the last task of a lane: the next one, another item, has most of it in common."""

    given: Mapping[str, Json]
    node: NodeParts
    reads: Mapping[str, Json]
    edges: Mapping[str, Json]
    received: Parts


class Decider:
    """Decides for the tasks of one run, and knows until each is forgotten what it was decided from.

    `may_rerun` are the nodes that may run although they were started before and nobody knows how that ended.
    """

    def __init__(self, keyings: Keyings, original: Original | None, may_rerun: Collection[str] = ()) -> None:
        self._keyings = keyings
        self._original = original
        self._may_rerun = may_rerun
        self._last: WeakKeyDictionary[Lane, _Last] = WeakKeyDictionary()
        self._made_from: dict[Task, NodeParts] = {}
        self._found: dict[Task, Mapping[str, Json]] = {}

    def look_first(self, task: Task) -> Coroutine[None, None, None] | None:
        """What is to be awaited before `decide` is asked, if anything: settings that take long to find."""
        if not task.given or task in self._found:
            return None
        last = self._last.get(task.lane)
        if last is not None and same_given(last.given, task.given):
            return None
        kind = self._keying(task).with_slow_settings(task.node, task.given)
        return self._look(task, kind) if kind is not None else None

    async def _look(self, task: Task, kind: HasSlowSettings) -> None:
        try:
            finding = kind.find_settings(task.node, task.given)
            self._found[task] = await asyncio.wait_for(finding, task.node.timeout_ms / 1000)
        except asyncio.TimeoutError:
            self._found[task] = {}  # it will not be restored, and says itself that it takes too long

    def decide(self, task: Task) -> Decision:
        """The decision for `task`, from its files as they are now."""
        last = self._next(task, self._last.get(task.lane) if task.item is not None else None)
        if task.item is not None:  # only items follow one another in a lane
            self._last[task.lane] = last
        self._made_from[task] = last.node
        hash_of = self._keying(task).hash_of
        parts = execution_parts(last.node, last.received, task.args, task.item, task.shown_args, hash_of)
        if self._original is None:
            return first_decision(parts)
        place = place_of(task.node.id, task.scope)
        refusal = lambda output: unfit(task.sight, task.node, output.state_delta)  # noqa: E731
        return decide(self._original, place, parts, {}, refusal, self._terms(task))

    def digests(self, task: Task) -> Mapping[Path, str]:
        """The content that `task` was decided from, of the files that it will use."""
        made_from = self._made_from.get(task)
        return made_from.digests if made_from is not None else {}

    def changed(self, task: Task, settings: Mapping[str, Json]) -> list[str]:
        """What is no longer as it was when `task` was decided, such as `impl t.py changed`.

        Of its files, and of the `settings` that its execution found.
        """
        made_from = self._made_from.get(task)
        if made_from is None:
            return []
        found = settings_parts(settings)
        other = [f"{name} changed" for name, part in found.items() if made_from.parts.get(name) != part]
        return [*self._keying(task).changed_since(made_from), *other]

    def produced(self, task: Task, began_ns: int) -> Products | None:
        """What `task` made, of that which its node says it makes; None where it says nothing.

        Of an item only what changed since it began counts: the other files are those of other items.
        """
        if not task.node.produces:
            return None
        return self._keying(task).produced(task.node, began_ns - _TICK_NS if task.item is not None else None)

    def forget(self, task: Task) -> None:
        """The task has ended."""
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
        return received_parts(task.reads, task.edges, self._keying(task).hash_of)

    def _node_parts(self, task: Task) -> NodeParts:
        return self._keying(task).node(task.node, task.given, self._found.pop(task, None), task.shown_given)

    def _terms(self, task: Task) -> Terms:
        node = task.node
        keying, may_rerun = self._keying(task), node.id in self._may_rerun
        spoiled = partial(keying.spoiled, node) if node.produces else None
        reloaded = keying.reloaded
        return terms_of(node, task.inside, cache=task.cache, may_rerun=may_rerun, spoiled=spoiled, reloaded=reloaded)

    def _keying(self, task: Task) -> Keying:
        return self._keyings.of(task.sight.board)
