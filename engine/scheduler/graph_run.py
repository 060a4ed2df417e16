"""The run of one graph, the outermost or a nested one: begins and skips vertices, enters their results."""

from __future__ import annotations

from collections import Counter, deque

from engine.experience.graph import Graph, VertexKind
from engine.experience.model import Policy
from engine.log.events.events import Cause, Counts, RunStatus
from engine.scheduler.activity import Frame, Part, Stop, tally_name
from engine.scheduler.fanout import FanOut
from engine.scheduler.loop import LoopRun
from engine.scheduler.pipeline import PipelineRun
from engine.scheduler.readiness import Go, Skip, readiness
from engine.scheduler.state.inputs import Context
from engine.scheduler.state.results import Ending, Result, Results
from engine.scheduler.state.visible_state import VisibleState
from engine.scheduler.tasks import Cancelled, Command, FailRun, Lane, SchedulerEvent, Skipped, StopAll, Warn


class GraphRun:
    """One graph at work. Call `begin` once, then `handle` and `stop` until `ended` says how it ended."""

    def __init__(self, frame: Frame) -> None:
        self.ended: Stop | None = None
        self._frame = frame
        self._graph: Graph = frame.results.graph
        experience = frame.composition.experience
        self._nodes = frame.results.nodes
        self._pipelines = {pipeline.id: pipeline for pipeline in experience.pipelines}
        self._loops = {loop.id: loop for loop in experience.loops}
        self._unmet = {vertex: len(self._graph.waits[vertex]) for vertex in self._graph.order}
        self._dependents = _dependents(self._graph)
        self._open: dict[str, Part] = {}
        self._begun: dict[str, Go] = {}
        self._stopping: Stop | None = None

    @property
    def results(self) -> Results:
        """The results of the graph's vertices."""
        return self._frame.results

    @property
    def counts(self) -> Counts:
        """How many vertices ended in which way."""
        return Counts(**Counter(map(tally_name, self._known_results())))

    @property
    def is_undetermined(self) -> bool:
        """Whether some results are not known yet (plans only)."""
        return len(self._known_results()) < len(self.results.ended)

    def _known_results(self) -> list[Result]:
        return [result for result in self.results.ended.values() if result.ending is not Ending.UNDETERMINED]

    def begin(self) -> list[Command]:
        """Begin everything that can start at once."""
        return self._advance(deque(vertex for vertex in self._graph.order if self._unmet[vertex] == 0))

    def handle(self, event: SchedulerEvent) -> list[Command]:
        """Handle an event of a vertex, or of something within one."""
        depth = len(self._frame.inside.scope)
        vertex = event.scope[depth].id if len(event.scope) > depth else event.node_id
        part = self._open.get(vertex)
        if part is None:
            return []
        return self._handled(vertex, part, part.handle(event))

    def stop(self, stop: Stop) -> list[Command]:
        """Begin nothing more and stop what runs; this graph ends with the status of `stop`."""
        if self._stopping is not None or self.ended is not None:
            return []
        return [StopAll(self._frame.inside.scope, stop.reason), *self.begin_no_more(stop)]

    def begin_no_more(self, stop: Stop) -> list[Command]:
        """Like `stop`, if what runs is being stopped already."""
        if self._stopping is not None or self.ended is not None:
            return []
        self._stopping = stop
        commands: list[Command] = []
        for vertex, part in list(self._open.items()):
            commands += part.stop(stop)
            if part.result is not None and vertex in self._open:
                commands += self._settle(vertex, part.result)
        return [*commands, *self._end_if_idle()]

    def _handled(self, vertex: str, part: Part, commands: list[Command]) -> list[Command]:
        """Pass on the commands of a part, and enter its result if it ended."""
        commands = self._passed_on(commands)
        if part.result is not None and vertex in self._open:
            commands += self._settle(vertex, part.result)
        return commands

    def _passed_on(self, commands: list[Command]) -> list[Command]:
        """The commands of a part. If it fails the run, the stop comes last, so that it reaches what the part began."""
        failed = next((command.node_id for command in commands if isinstance(command, FailRun)), None)
        if failed is None:
            return commands
        return [*(command for command in commands if not isinstance(command, FailRun)), *self._fail_run(failed)]

    def _fail_run(self, node_id: str) -> list[Command]:
        """The stop after the failure of a node with `on_error: fail_run`."""
        reason = f"failed at {node_id} (on_error: fail_run)"
        stop = Stop(RunStatus.FAILURE, reason, Cause(node=node_id))
        return self.stop(stop) if self._frame.stops_early else []

    def _settle(self, vertex: str, result: Result) -> list[Command]:
        """Enter a result, and begin what waited only for it."""
        ready: deque[str] = deque()
        self._enter(vertex, result, ready)
        return [*self._stop_after(vertex, result), *self._advance(ready)]

    def _enter(self, vertex: str, result: Result, ready: deque[str]) -> None:
        go = self._begun.pop(vertex, None)
        if go is not None:
            result = self._frame.settled(self._frame.inside, vertex, go, result)
        self.results.settle(vertex, result)
        self._open.pop(vertex, None)
        for dependent in self._dependents[vertex]:
            self._unmet[dependent] -= 1
            if self._unmet[dependent] == 0:
                ready.append(dependent)

    def _stop_after(self, vertex: str, result: Result) -> list[Command]:
        """The stop if a vertex failed whose node says `fail_run`; stages of pipelines ask for it themselves."""
        node = self._nodes.get(self._loops[vertex].body if vertex in self._loops else vertex)
        if result.ending is Ending.FAILED and node is not None and node.on_error.policy is Policy.FAIL_RUN:
            return self._fail_run(node.id)
        return []

    def _advance(self, ready: deque[str]) -> list[Command]:
        """Begin or skip each ready vertex. Not recursive: skips cascade as deep as the graph is long."""
        commands: list[Command] = []
        while ready and self._stopping is None:
            vertex = ready.popleft()
            visible_state = VisibleState(self.results, vertex)
            decision = readiness(visible_state)
            if isinstance(decision, Skip):
                scope = self._frame.inside.scope
                commands.append(Skipped(vertex, scope, decision.reason, decision.cause))
                self._enter(vertex, Result(Ending.SKIPPED), ready)
                continue
            commands += [Warn(vertex, self._frame.inside.scope, warning) for warning in decision.warnings]
            order = (*self._frame.order, self._graph.position(vertex))
            context = Context(visible_state, decision.edges, self._frame.inside, order, decision.unknown)
            part = self._part(vertex, context)
            self._begun[vertex] = decision
            self._open[vertex] = part
            commands += self._passed_on(part.begin())
            if part.result is not None and vertex in self._open:
                self._enter(vertex, part.result, ready)
                commands += self._stop_after(vertex, part.result)
        return [*commands, *self._end_if_idle()]

    def _part(self, vertex: str, context: Context) -> Part:
        kind = self._graph.vertices[vertex].kind
        if kind is VertexKind.PIPELINE:
            pipeline = self._pipelines[vertex]
            return PipelineRun(self._frame, pipeline, tuple(self._nodes[stage] for stage in pipeline.stages), context)
        if kind is VertexKind.LOOP:
            loop = self._loops[vertex]
            return LoopRun(self._frame, loop, self._nodes[loop.body], context)
        node = self._nodes[vertex]
        if node.for_each is not None:
            return FanOut(self._frame, node, node.for_each, context)
        return self._frame.make_unit(self._frame, node, context, Lane(context.order, 1), None)

    def _end_if_idle(self) -> list[Command]:
        if self._open or self.ended is not None:
            return []
        stop = self._stopping
        if stop is not None:
            left = [vertex for vertex in self._graph.order if vertex not in self.results.ended]
            for vertex in left:
                self.results.settle(vertex, Result(Ending.CANCELLED, reason=stop.reason))
            self.ended = stop if stop.status is not RunStatus.WAITING else self._failure() or stop
            return [Cancelled(vertex, self._frame.inside.scope, stop.reason, stop.cause) for vertex in left]
        self.ended = self._failure() or Stop(RunStatus.SUCCESS, "")
        return []

    def _failure(self) -> Stop | None:
        """The stop for the first vertex that failed; None if none did."""
        results = self.results.ended
        failed = next((vertex for vertex in self._graph.order if results[vertex].ending is Ending.FAILED), None)
        return None if failed is None else Stop(RunStatus.FAILURE, f"failed at {failed}", Cause(node=failed))


def _dependents(graph: Graph) -> dict[str, list[str]]:
    dependents: dict[str, list[str]] = {vertex: [] for vertex in graph.order}
    for vertex in graph.order:
        for awaited in graph.waits[vertex]:
            dependents[awaited].append(vertex)
    return dependents
