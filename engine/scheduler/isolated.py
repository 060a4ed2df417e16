"""Schedules one node alone, on what it received in an earlier run."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET, Struct, field

from engine.experience.model import Node
from engine.expressions import Json, Path, parse_reference
from engine.log.events.events import Counts, ErrorInfo, Input, RunStatus, Scope, ScopeKind
from engine.scheduler.activity import FindNested, Frame, Part, Stop, find_nothing, tally_name
from engine.scheduler.composition import Composition
from engine.scheduler.fanout import FanOut
from engine.scheduler.nested import child_args
from engine.scheduler.scheduler import make_unit
from engine.scheduler.state.inputs import Context, Inside, ItemValue, args_of, lookup
from engine.scheduler.state.results import Ending, Result, Results
from engine.scheduler.state.visible_state import VisibleState
from engine.scheduler.tasks import (
    Cancelled,
    Command,
    FailRun,
    Finish,
    GroupBegan,
    GroupEnded,
    Lane,
    SchedulerEvent,
    StopAll,
)
from engine.scheduler.value_digest import HashOf, hash_openly


class IsolationError(Exception):
    """A node cannot run alone. The message is for the user."""


class ReceivedLevel(Struct, frozen=True):
    """What `node` of one experience received: the node to run, or one that nests it.

    `vertex` is the node itself, or its pipeline or loop. `scope` are the steps into its item and iteration, within
    its experience. `paths` are the values of the state that its args referred to. `is_recorded` is false where the log
    does not have its input.
    """

    node: Node
    vertex: str
    scope: tuple[Scope, ...]
    received: Input
    paths: Mapping[Path, Json] = field(default_factory=dict)
    is_recorded: bool = True

    @property
    def is_fan_out(self) -> bool:
        """Whether all items of a fan-out run, and not one of them."""
        return self.node.for_each is not None and not any(step.item is not None for step in self.scope)

    @property
    def executions(self) -> int:
        """How often the node runs."""
        source = parse_reference(self.node.for_each.source) if self.is_fan_out and self.node.for_each else None
        items = self.paths.get(source) if source is not None else None
        return len(items) if isinstance(items, list) else 1


Target = tuple[ReceivedLevel, ...]
"""The node to run is the last; before it are those that nest it, the outermost first."""


class IsolatedScheduler:
    """A run of one node alone, with the methods of engine.scheduler.scheduler.Scheduler.

    Raises IsolationError where the args of a nested experience around it are not known.
    """

    def __init__(
        self,
        composition: Composition,
        args: Mapping[str, Json],
        target: Target,
        find_nested: FindNested = find_nothing,
        hash_of: HashOf = hash_openly,
    ) -> None:
        self._vertex = target[0].vertex
        self.results = Results(composition, args, target[0].received.reads, hash_of=hash_of)
        self._part = _part(self.results, target, find_nested)
        self._finished = False
        self._stopping = False

    def begin(self) -> list[Command]:
        """Begin the node."""
        return self._passed_on(self._part.begin())

    def handle(self, event: SchedulerEvent) -> list[Command]:
        """Handle an event of the node, or of something within it."""
        return self._passed_on(self._part.handle(event))

    def cancel(self, reason: str) -> list[Command]:
        """End the run, since somebody asked for it."""
        return self._passed_on(self._stop(Stop(RunStatus.CANCELLED, reason)))

    def wait(self, reason: str) -> list[Command]:
        """End the run, since nothing can go on before somebody was asked."""
        return self._passed_on(self._stop(Stop(RunStatus.WAITING, reason)))

    def _stop(self, stop: Stop) -> list[Command]:
        if self._stopping or self._part.result is not None:
            return []
        self._stopping = True
        return [StopAll((), stop.reason), *self._part.stop(stop)]

    def _passed_on(self, commands: list[Command]) -> list[Command]:
        failed = next((command.node_id for command in commands if isinstance(command, FailRun)), None)
        if failed is not None:
            stop = Stop(RunStatus.FAILURE, f"failed at {failed} (on_error: fail_run)")
            commands = [*(each for each in commands if not isinstance(each, FailRun)), *self._stop(stop)]
        result = self._part.result
        if result is None or self._finished:
            return commands
        self._finished = True
        return [*commands, _finish(self._vertex, result)]


def _finish(vertex: str, result: Result) -> Finish:
    if result.ending is Ending.FAILED:
        return Finish(RunStatus.FAILURE, f"failed at {vertex}")
    return (
        Finish(RunStatus.SUCCESS, None) if result.ending is Ending.DONE else Finish(RunStatus.CANCELLED, result.reason)
    )


def _part(outermost: Results, target: Target, find_nested: FindNested) -> Part:
    results, inside = outermost, Inside()
    for at, level in enumerate(target[:-1]):
        context = _context(results, level, inside)
        results = _nested_results(results, level, context, target[at + 1])
        inside = context.inside.nested(level.node.id)
    last = target[-1]
    context = _context(results, last, inside)
    frame = Frame(results, make_unit, find_nested, inside=inside, cache=False)
    if last.node.for_each is not None and last.is_fan_out:
        part: Part = FanOut(frame, last.node, last.node.for_each, context)
    else:
        part = make_unit(frame, last.node, context, Lane(()), None)
    for depth in reversed(range(len(context.inside.scope))):
        part = _Enclosing(context.inside.scope[depth].id, context.inside.scope[:depth], part)
    return part


def _context(results: Results, level: ReceivedLevel, inside: Inside) -> Context:
    """What the node received, inside the groups that it was in."""
    for step in level.scope:
        if step.kind is ScopeKind.LOOP:
            inside = inside.iterated(step.id, step.iteration or 0)
        elif step.item is not None:
            value = None if level.received.item is UNSET else level.received.item
            item = ItemValue(value, step.item.index, step.item.key)
            inside = inside.staged(step.id, item) if step.kind is ScopeKind.PIPELINE else inside.fanout(step.id, item)
    state = VisibleState(results, level.vertex)
    return Context(state, level.received.edges, inside, recorded=level.paths)


def _nested_results(outer: Results, level: ReceivedLevel, context: Context, inner: ReceivedLevel) -> Results:
    """The empty results of the experience that `level` nests, with the args that it was given."""
    child = outer.composition.nested[level.node.id]
    missing = () if level.is_recorded else args_of(level.node, lookup(context)).missing
    if missing:
        raise IsolationError(f"its log does not say which args {level.node.id} gave to {child.experience.name}")
    args = child_args(level.node, child, context)
    if isinstance(args, ErrorInfo):
        raise IsolationError(f"{level.node.id}: {args.message}")
    return Results(child, args.values, inner.received.reads, shown_args=args.shown, hash_of=outer.hash_of)


class _Enclosing:
    """A fan-out, pipeline, loop or nested experience of which only one part runs."""

    def __init__(self, node_id: str, scope: tuple[Scope, ...], part: Part) -> None:
        self.result: Result | None = None
        self._node_id = node_id
        self._scope = scope
        self._part = part

    def begin(self) -> list[Command]:
        """See Part."""
        return [GroupBegan(self._node_id, self._scope, 1), *self._part.begin(), *self._end_if_over()]

    def handle(self, event: SchedulerEvent) -> list[Command]:
        """See Part."""
        return [*self._part.handle(event), *self._end_if_over()]

    def stop(self, stop: Stop) -> list[Command]:
        """See Part."""
        return [*self._part.stop(stop), *self._end_if_over()]

    def _end_if_over(self) -> list[Command]:
        result = self._part.result
        if result is None or self.result is not None:
            return []
        self.result = result
        if result.ending is Ending.CANCELLED:
            return [Cancelled(self._node_id, self._scope, result.reason, None)]
        return [GroupEnded(self._node_id, self._scope, Counts(**{tally_name(result): 1}), result.error)]
