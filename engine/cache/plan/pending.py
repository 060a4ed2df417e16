"""The executions that a plan leaves to do, by node: how many there may be at most. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from engine.cache.decisions.decision import Answer
from engine.cache.plan.plan_entries import Entry, Plan
from engine.experience.model import ItemErrorPolicy, Loop, Node, OnError, Pipeline, Policy
from engine.log.events.events import Sums
from engine.scheduler.composition import Composition
from engine.scheduler.loop import max_iterations

_OVER = frozenset({Answer.RESTORED, Answer.SKIPPED})


class Pending(Struct, frozen=True):
    """Executions of `node`, at `address` (`outer/inner`), in an experience whose folder is `home`.

    At most `most` of them, unless `is_open`: then that is as many for each element of a list that is not known yet.
    `is_first`: they wait for nothing that runs, depend on no condition, and fail the run if they fail. `last` is what
    they cost when they last completed, None if they never did.
    """

    node: Node
    address: str
    home: str
    most: int = 1
    is_open: bool = False
    is_first: bool = False
    last: Sums | None = None


def pending(plan: Plan, composition: Composition) -> Iterator[Pending]:
    """The executions that may be necessary by `plan`, which is one of `composition`."""
    return _of_graph(plan.entries, composition, "", is_first=True)


def attempts(on_error: OnError) -> int:
    """How often a node is attempted at most."""
    return on_error.attempts if on_error.policy is Policy.RETRY else 1


def _of_graph(entries: Iterable[Entry], within: Composition, prefix: str, *, is_first: bool) -> Iterator[Pending]:
    """The executions of one graph. `prefix` is the address of the node that nests it, with a slash."""
    answers = {entry.node_id: entry.answer for entry in entries}
    graph = _Graph(within, prefix)
    for entry in entries:
        if entry.answer in _OVER:
            continue
        waits = within.graph.waits[entry.node_id]
        first = is_first and entry.answer is Answer.WILL_RUN and all(answers.get(id_) in _OVER for id_ in waits)
        for each in graph.vertex(entry):
            yield replace(each, is_first=each.is_first and first)


class _Graph:
    """Counts the executions of the vertices of one graph."""

    def __init__(self, within: Composition, prefix: str) -> None:
        self._within = within
        self._prefix = prefix
        experience = within.experience
        self._nodes = {node.id: node for node in experience.nodes}
        self._pipelines = {pipeline.id: pipeline for pipeline in experience.pipelines}
        self._loops = {loop.id: loop for loop in experience.loops}

    def vertex(self, entry: Entry) -> Iterator[Pending]:
        """The executions of one vertex."""
        if entry.node_id in self._pipelines:
            return self._pipeline(self._pipelines[entry.node_id], entry)
        if entry.node_id in self._loops:
            return self._loop(self._loops[entry.node_id], entry)
        return self._node(self._nodes[entry.node_id], entry)

    def _node(self, node: Node, entry: Entry) -> Iterator[Pending]:
        if node.for_each is None:
            yield from self._execution(node, entry)
        elif entry.items:
            tolerant = node.for_each.on_item_error is ItemErrorPolicy.CONTINUE
            for item in _left(entry.items):
                yield from _later(self._execution(node, item)) if tolerant else self._execution(node, item)
        else:
            most = node.for_each.max_items
            for each in self._execution(node, _unknown(node.id)):
                yield replace(each, most=each.most * (most or 1), is_open=most is None or each.is_open, is_first=False)

    def _pipeline(self, pipeline: Pipeline, entry: Entry) -> Iterator[Pending]:
        stages = [self._nodes[id_] for id_ in pipeline.stages]
        for item in _left(entry.items):
            at = pipeline.stages.index(item.stage) if item.stage is not None else 0
            yield from _later(self._execution(stages[at], item))
            for stage in stages[at + 1 :]:
                yield from _later(self._execution(stage, _unknown(stage.id)))
        if not entry.items:
            for stage in stages:
                for each in self._execution(stage, _unknown(stage.id)):
                    yield replace(each, is_open=True, is_first=False)

    def _loop(self, loop: Loop, entry: Entry) -> Iterator[Pending]:
        body = self._nodes[loop.body]
        for iteration in _left(entry.items):
            yield from _later(self._node(body, iteration))
        more = max_iterations(loop) - len(entry.items)
        for each in self._node(body, _unknown(body.id)) if more > 0 else ():
            yield replace(each, most=each.most * more, is_first=False)

    def _execution(self, node: Node, entry: Entry) -> Iterator[Pending]:
        """One execution of `node`, or those of the experience that it nests."""
        address = self._prefix + node.id
        child = self._within.nested.get(node.id)
        if child is None:
            yield Pending(node, address, self._within.home, is_first=True, last=entry.last)
            return
        known = entry.items or tuple(_unknown(id_) for id_ in child.graph.order)
        for each in _of_graph(known, child, f"{address}/", is_first=bool(entry.items)):
            yield replace(each, most=each.most * attempts(node.on_error))


def _left(items: Iterable[Entry]) -> Iterator[Entry]:
    return (item for item in items if item.answer not in _OVER)


def _later(found: Iterable[Pending]) -> Iterator[Pending]:
    """The same, none of which is certain to run first."""
    return (replace(each, is_first=False) for each in found)


def _unknown(id_: str) -> Entry:
    """The entry of something of which nothing is known."""
    return Entry(id_, Answer.DEPENDS)
