"""The scheduler: takes what happened (log events), says what to do next (commands).
Deterministic and without effects.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from engine.core.board import Board, Ending, Result
from engine.core.fanout import LLM_MAX_ITEMS, FanOut
from engine.core.gate import Skip, gate
from engine.core.inputs import ItemValue, args_of, items_of, reads_of
from engine.core.items import item_values
from engine.core.slots import LLM_KINDS
from engine.core.tasks import (
    Command,
    Consider,
    FanOutBegan,
    FanOutEnded,
    Finish,
    StopAll,
    Task,
    VertexCancelled,
    VertexFailed,
    VertexSkipped,
)
from engine.expressions import MISSING, Json, Missing
from engine.graph import Graph
from engine.log.events import (
    Cause,
    ErrorInfo,
    NodeCached,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    Output,
    RunStatus,
)
from engine.spec.model import Experience, Node, Policy

TaskEnd = NodeCompleted | NodeCached | NodeFailed | NodeCancelled
"""The events that end a task which was considered; the scheduler's input."""


class Scheduler:
    """One run. `begin` once, then `handle` for every task that ends, `cancel` when someone asks; until Finish."""

    def __init__(
        self, experience: Experience, graph: Graph, args: Mapping[str, Json], start: Mapping[str, Json]
    ) -> None:
        self.board = Board(experience, graph, args, start)
        self._graph = graph
        self._nodes = {node.id: node for node in experience.nodes}
        self._merges = {field.name: field.merge for field in experience.fields}
        self._unmet = {vertex: len(graph.waits[vertex]) for vertex in graph.order}
        self._dependents = _dependents(graph)
        self._fanouts: dict[str, FanOut] = {}
        self._open: set[str] = set()
        self._stopping: _Stop | None = None
        self._finished = False

    def begin(self) -> list[Command]:
        """Everything that can start at once."""
        return self._advance(deque(vertex for vertex in self._graph.order if self._unmet[vertex] == 0))

    def handle(self, event: TaskEnd) -> list[Command]:
        """A task ended. Its node's own event for the whole vertex (a fan-out's) is the scheduler's to ask for."""
        if self._finished or event.node_id in self.board.results:
            return []
        fanout = self._fanouts.get(event.node_id)
        if fanout is not None:
            return self._handle_item(fanout, event)
        if isinstance(event, NodeFailed):
            return self._fail(event.node_id, Result(Ending.FAILED))
        if isinstance(event, NodeCancelled):
            return self._settle(event.node_id, Result(Ending.CANCELLED))
        assert event.output is not None
        return self._settle(event.node_id, _done(event.output))

    def cancel(self, reason: str) -> list[Command]:
        """Someone wants the run to end."""
        return self._stop(_Stop(RunStatus.CANCELLED, reason, None))

    def _handle_item(self, fanout: FanOut, event: TaskEnd) -> list[Command]:
        item = event.scope[-1].item if event.scope else None
        assert item is not None
        commands: list[Command] = []
        if isinstance(event, NodeFailed):
            fanout.failed(item.index, event.error)
            if fanout.stops_run:
                commands += self._stop(_failed_run(fanout.node.id))
        elif isinstance(event, NodeCancelled):
            fanout.cancelled()
        elif event.output is not None:
            fanout.succeeded(item.index, event.output, restored=isinstance(event, NodeCached))
        return commands + (self._end_fanout(fanout) if fanout.ended else [])

    def _end_fanout(self, fanout: FanOut) -> list[Command]:
        node_id = fanout.node.id
        result, error = fanout.result(self._merges)
        if error is None and fanout.tally["cancelled"]:
            self._open.discard(node_id)
            return self._finish_if_idle()
        ended = FanOutEnded(node_id, fanout.counts, error)
        return [ended, *(self._fail(node_id, result) if error else self._settle(node_id, result))]

    def _fail(self, node_id: str, result: Result) -> list[Command]:
        stop = self._nodes[node_id].on_error.policy is Policy.FAIL_RUN
        commands = self._stop(_failed_run(node_id)) if stop else []
        return commands + self._settle(node_id, result)

    def _settle(self, vertex: str, result: Result) -> list[Command]:
        """Enter a result; begin what only waited for it."""
        ready: deque[str] = deque()
        self._enter(vertex, result, ready)
        return self._advance(ready)

    def _enter(self, vertex: str, result: Result, ready: deque[str]) -> None:
        self.board.settle(vertex, result)
        self._open.discard(vertex)
        for dependent in self._dependents[vertex]:
            self._unmet[dependent] -= 1
            if self._unmet[dependent] == 0:
                ready.append(dependent)

    def _advance(self, ready: deque[str]) -> list[Command]:
        """Decide for each ready vertex. A loop and not a recursion: skips cascade as deep as the graph is long."""
        commands: list[Command] = []
        while ready and self._stopping is None:
            vertex = ready.popleft()
            began, ended = self._decide(self._nodes[vertex])
            commands += began
            if ended is None:
                self._open.add(vertex)
                continue
            self._enter(vertex, ended, ready)
            if ended.ending is Ending.FAILED and self._nodes[vertex].on_error.policy is Policy.FAIL_RUN:
                commands += self._stop(_failed_run(vertex))
        return commands + self._finish_if_idle()

    def _decide(self, node: Node) -> tuple[list[Command], Result | None]:
        """What a ready vertex begins with; and its result, where it ends at once."""
        decision = gate(self.board, node)
        if isinstance(decision, Skip):
            return [VertexSkipped(node.id, decision.reason, decision.cause)], Result(Ending.SKIPPED)
        if node.for_each is None:
            return [Consider(self._task(node, decision.edges, None, decision.warnings))], None
        source = items_of(self.board, node, decision.edges)
        error = _source_error(node, source)
        if error is not None:
            return [VertexFailed(node.id, error)], Result(Ending.FAILED)
        assert isinstance(source, list)
        began = FanOutBegan(node.id, len(source))
        if not source:
            return [began, FanOutEnded(node.id, FanOut(node, 0).counts)], Result(Ending.DONE)
        self._fanouts[node.id] = FanOut(node, len(source))
        tasks = (self._task(node, decision.edges, item, decision.warnings) for item in item_values(source))
        return [began, *(Consider(task) for task in tasks)], None

    def _task(self, node: Node, edges: Mapping[str, Json], item: ItemValue | None, warnings: tuple[str, ...]) -> Task:
        args = args_of(self.board, node, edges, item)
        dropped = tuple(f"args: {path} names nothing, so its key is left out" for path in args.missing)
        assert isinstance(args.value, dict)
        reads = reads_of(self.board, node)
        return Task(node, self._graph.position(node.id), args.value, reads, edges, item, warnings + dropped)

    def _stop(self, stop: _Stop) -> list[Command]:
        if self._stopping is not None or self._finished:
            return []
        self._stopping = stop
        return [StopAll(stop.reason), *self._finish_if_idle()]

    def _finish_if_idle(self) -> list[Command]:
        if self._open or self._finished:
            return []
        self._finished = True
        commands: list[Command] = []
        stop = self._stopping
        if stop is not None:
            left = [vertex for vertex in self._graph.order if vertex not in self.board.results]
            for vertex in left:
                self.board.settle(vertex, Result(Ending.CANCELLED))
            commands += [VertexCancelled(vertex, stop.reason, stop.cause) for vertex in left]
            return [*commands, Finish(stop.status, stop.reason)]
        failed = [vertex for vertex in self._graph.order if self.board.results[vertex].ending is Ending.FAILED]
        if failed:
            return [Finish(RunStatus.FAILURE, f"failed at {failed[0]}")]
        return [Finish(RunStatus.SUCCESS, None)]


class _Stop:
    """Why a run is being stopped, and the status that this will give it."""

    __slots__ = ("cause", "reason", "status")

    def __init__(self, status: RunStatus, reason: str, cause: Cause | None) -> None:
        self.status = status
        self.reason = reason
        self.cause = cause


def _failed_run(node_id: str) -> _Stop:
    return _Stop(RunStatus.FAILURE, f"failed at {node_id} (on_error: fail_run)", Cause(node=node_id))


def _dependents(graph: Graph) -> dict[str, list[str]]:
    dependents: dict[str, list[str]] = {vertex: [] for vertex in graph.order}
    for vertex in graph.order:
        for awaited in graph.waits[vertex]:
            dependents[awaited].append(vertex)
    return dependents


def _done(output: Output) -> Result:
    return Result(Ending.DONE, (output.state_delta,), output.edge_output if output.has_edge_output else MISSING)


def _source_error(node: Node, source: Json | Missing) -> ErrorInfo | None:
    assert node.for_each is not None
    written = node.for_each.source
    if source is MISSING:
        return ErrorInfo(
            "for_each", f"for_each.source {written} names nothing: no node that ran before {node.id} wrote it"
        )
    if not isinstance(source, list):
        return ErrorInfo("for_each", f"for_each.source {written} is {_json_type(source)}, not a list")
    most = node.for_each.max_items
    if most is None and node.kind in LLM_KINDS:
        most = LLM_MAX_ITEMS
    if most is not None and len(source) > most:
        return ErrorInfo(
            "for_each",
            f"for_each.source {written} has {len(source)} items, more than for_each.max_items allows ({most}). "
            f"If that is meant, set `max_items: {len(source)}` under for_each of {node.id}.",
        )
    return None


def _json_type(value: Json) -> str:
    if value is None:
        return "null"
    names: dict[type, str] = {bool: "a boolean", int: "a number", float: "a number", str: "text", dict: "an object"}
    return names[type(value)]
