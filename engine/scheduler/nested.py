"""A nested experience: a graph of its own inside the same run (docs/format.md, Nested experiences)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET, Struct
from msgspec.structs import replace

from engine.experience.args import check_args
from engine.experience.model import ExperienceSpec, Node, Policy
from engine.expressions import MISSING, Json, Missing, descend, parse_reference
from engine.log.events.events import ErrorInfo, Input, Output, RunStatus
from engine.scheduler.activity import Frame, Stop, done, shown_args_of, why_cancelled
from engine.scheduler.composition import Composition, is_shared, shared_fields
from engine.scheduler.graph_run import GraphRun
from engine.scheduler.state.inputs import Context, args_of, lookup, reads_of
from engine.scheduler.state.merging import fold
from engine.scheduler.state.results import UNDETERMINED, Ending, NotYetKnownError, Result, Results
from engine.scheduler.state.writes import check_output
from engine.scheduler.tasks import (
    Cancelled,
    Command,
    Failed,
    GroupBegan,
    GroupEnded,
    Limit,
    SchedulerEvent,
    TimeOver,
    TryAgain,
    TryLater,
    Unknown,
    Warn,
)


class Nested:
    """One execution of a node of kind `experience`: a run of its child's graph, repeated as `on_error` says."""

    def __init__(self, frame: Frame, node: Node, child: Composition, context: Context) -> None:
        self.result: Result | None = None
        self._frame = frame
        self._node = node
        self._child = child
        self._context = context
        self._args = ChildArgs({}, {})
        self._attempt = 0
        self._run: GraphRun | None = None
        self._limit: Limit | None = None
        self._later: TryLater | None = None
        self._timed_out = False
        self._stopping: Stop | None = None

    def begin(self) -> list[Command]:
        """See Part."""
        scope = self._context.inside.scope
        args = child_args(self._node, self._child, self._context)
        if isinstance(args, ErrorInfo):
            self.result = Result(Ending.FAILED, error=args)
            return [Failed(self._node.id, scope, args)]
        self._args = args
        received = nested_input(self._node, self._context)
        return [GroupBegan(self._node.id, scope, len(self._child.graph.order), received), *self._try()]

    def handle(self, event: SchedulerEvent) -> list[Command]:
        """See Part."""
        if len(event.scope) == len(self._context.inside.scope):
            return self._timer_rang(event)
        if self._run is None:
            return []
        return [*self._run.handle(event), *self._end_if_over(self._run)]

    def stop(self, stop: Stop) -> list[Command]:
        """See Part."""
        self._stopping = stop
        if self._run is None:
            self._later = None
            return self._cancelled(stop)
        return [*self._run.begin_no_more(stop), *self._end_if_over(self._run)]

    def _timer_rang(self, event: SchedulerEvent) -> list[Command]:
        """Handle the timers of the current attempt; those of earlier attempts may still ring and mean nothing."""
        if isinstance(event, TryAgain) and event.later is self._later:
            return self._try()
        if not isinstance(event, TimeOver) or event.limit is not self._limit or self._run is None:
            return []
        self._timed_out = True
        stop = Stop(RunStatus.FAILURE, f"{self._node.id} took longer than its timeout_ms")
        return [*self._run.stop(stop), *self._end_if_over(self._run)]

    def _try(self) -> list[Command]:
        """Begin an attempt, with state and results of its own."""
        self._attempt += 1
        self._limit = self._later = None
        self._timed_out = False
        inside = self._context.inside.nested(self._node.id)
        results = child_results(self._node, self._child, self._context, self._args)
        cache = self._frame.cache and self._node.cache
        frame = self._frame
        inner = replace(frame, results=results, inside=inside, order=self._context.order, cache=cache)
        run = self._run = GraphRun(inner)
        commands: list[Command] = []
        if "timeout_ms" in self._node.source:  # no default limit: each of its nodes has its own
            self._limit = Limit(self._node, self._context.inside.scope)
            commands.append(self._limit)
        return [*commands, *run.begin(), *self._end_if_over(run)]

    def _end_if_over(self, run: GraphRun) -> list[Command]:
        if run.ended is None or self.result is not None or self._run is not run:
            return []
        error = self._error(run, run.ended)
        stop = why_cancelled(self._stopping, run.results.ended.values())
        if stop is not None and not self._is_whole(run) and (error is None or self._stopping is not None):
            return self._cancelled(stop)
        commands: list[Command] = []
        scope = self._context.inside.scope
        if error is None and run.is_undetermined:
            self.result = UNDETERMINED
            return [Unknown(self._node.id, scope)]
        if error is None:
            output, warnings = child_output(self._node, self._child, run.results, self._context)
            try:
                checked = check_output(self._context.visible_state, self._node, output)
            except NotYetKnownError as unknown:
                self.result = UNDETERMINED
                return [Unknown(self._node.id, scope, (f"its set_once fields come from {unknown}",))]
            commands += [Warn(self._node.id, scope, warning) for warning in (*warnings, *checked.warnings)]
            error = checked.error
            if error is None:
                tokens = sum(result.tokens for result in run.results.ended.values())
                self.result = replace(done(checked.output), restored=_all_restored(run), tokens=tokens)
        if error is not None and error.retryable and self._tries_again():
            self._run = None
            self._later = TryLater(self._node, scope, self._attempt, error)
            return [*commands, self._later]
        if error is not None:
            self.result = Result(Ending.FAILED, error=error)
        return [*commands, GroupEnded(self._node.id, scope, run.counts, error)]

    def _is_whole(self, run: GraphRun) -> bool:
        return all(result.ending is not Ending.CANCELLED for result in run.results.ended.values())

    def _tries_again(self) -> bool:
        policy = self._node.on_error
        return policy.policy is Policy.RETRY and self._attempt < policy.attempts and self._stopping is None

    def _error(self, run: GraphRun, ended: Stop) -> ErrorInfo | None:
        if self._timed_out:
            took = f"{self._node.id} took longer than its timeout_ms ({self._node.timeout_ms}) and was stopped."
            return ErrorInfo("timeout", f"{took} Raise it if that is normal.")
        if ended.status is RunStatus.SUCCESS:
            return None
        name = self._child.experience.name
        at = ended.cause.node if ended.cause is not None else None
        cause = run.results.ended[at].error if at in run.results.ended else None
        if cause is None:
            return ErrorInfo("experience", f"{name} failed: {ended.reason}")
        return replace(cause, message=f"{name} failed at {at}: {cause.message}")

    def _cancelled(self, stop: Stop) -> list[Command]:
        self.result = Result(Ending.CANCELLED, reason=stop.reason)
        return [Cancelled(self._node.id, self._context.inside.scope, stop.reason, stop.cause)]


class ChildArgs(Struct, frozen=True):
    """The run args of the child, and as much of them as people may see."""

    values: Mapping[str, Json]
    shown: Mapping[str, Json]


def nested_input(node: Node, context: Context) -> Input | None:
    """What an execution of a nested experience receives, as far as people may see it. None in plans, if unknown."""
    try:
        args = args_of(node, lookup(context)).value
        assert isinstance(args, dict)
        item = context.inside.item
        reads = reads_of(context.visible_state, node)
        shown = shown_args_of(node, args, context)
        return Input(shown, {}, reads, context.edges, item.visible if item is not None else UNSET)
    except NotYetKnownError:
        return None


def child_args(node: Node, child: Composition, context: Context) -> ChildArgs | ErrorInfo:
    """The run args of the child: those of the node, resolved and checked; or the error."""
    resolved = args_of(node, lookup(context)).value
    assert isinstance(resolved, dict)
    hidden = _hidden(resolved, shown_args_of(node, resolved, context))
    checked = check_args(child.experience, resolved, frozenset(hidden))
    if checked.problems:
        wrong = "; ".join(checked.problems)
        return ErrorInfo("args", f"the args do not fit what {child.experience.name} declares: {wrong}")
    return ChildArgs(checked.args, {**checked.args, **hidden} if hidden else checked.args)


def _hidden(values: Mapping[str, Json], shown: Mapping[str, Json]) -> dict[str, Json]:
    """The entries of `shown` that are less than the value."""
    return {} if shown is values else {name: shown[name] for name in values if shown[name] != values[name]}


def child_results(node: Node, child: Composition, context: Context, args: ChildArgs) -> Results:
    """The empty results of one run of the child."""
    start, hash_of = child_start(node, child, context), context.visible_state.results.hash_of
    return Results(child, args.values, start, shown_args=args.shown, hash_of=hash_of)


def child_start(node: Node, child: Composition, context: Context) -> dict[str, Json]:
    """The child's starting state: its defaults and, if the state is shared, what the node sees."""
    start = child.experience.starting_state()
    if is_shared(node):
        for field in shared_fields(context.visible_state.results.composition.experience, child.experience):
            value = context.visible_state.see(field)
            if value is not MISSING:
                start[field] = value
    return start


def child_output(node: Node, child: Composition, results: Results, context: Context) -> tuple[Output, tuple[str, ...]]:
    """The output of the node once its child has succeeded, and warnings about fields without a value.

    A shared state takes the child's writes as they were made. An isolated one gives the final values of fields to the
    fields of the same name in `writes`. Both map fields by `outputs`. The edge output is that of the public engine,
    without its run id, with which every resume would run what follows.
    """
    final = results.final_state()
    assert isinstance(node.spec, ExperienceSpec)
    shared = is_shared(node)
    sources = {**({} if shared else {field: field for field in node.writes}), **node.spec.outputs}
    values = {field: _final(str(source), final) for field, source in sources.items()}
    delta = _shared_delta(child, results, context.visible_state.results) if shared else {}
    delta.update({field: value for field, value in values.items() if value is not MISSING})
    name = child.experience.name
    missing = tuple(
        f"{name} ended without a value for '{sources[field]}', so '{field}' is not written"
        for field, value in values.items()
        if value is MISSING
    )
    return Output(delta, {"status": RunStatus.SUCCESS.value, "finalState": final}), missing


def _final(source: str, final: Mapping[str, Json]) -> Json | Missing:
    """The value of a field of the child, or of a reference into its final state."""
    path = parse_reference(source)
    return final.get(source, MISSING) if path is None else descend(dict(final), path.steps)


def _shared_delta(child: Composition, results: Results, outer: Results) -> dict[str, Json]:
    """The child's writes to shared fields, in its order, merged into one write of the node."""
    delta: dict[str, Json] = {}
    for field in shared_fields(outer.composition.experience, child.experience):
        ended = (results.ended[vertex] for vertex in child.graph.order)
        writes = [written[field] for result in ended for written in result.deltas if field in written]
        value = fold(outer.merges[field], MISSING, writes)
        if value is not MISSING:
            delta[field] = value
    return delta


def _all_restored(run: GraphRun) -> bool:
    results = run.results.ended.values()
    ran = [result for result in results if result.ending is not Ending.SKIPPED]
    return bool(ran) and all(result.restored for result in ran)
