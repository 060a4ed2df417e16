"""The parts of a graph at work: each begins, handles events, and ends with a result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from msgspec import UNSET, Struct, field

from engine.experience.model import Merge, Node
from engine.expressions import MISSING, Json, Resolved
from engine.log.events.events import (
    Cause,
    ErrorInfo,
    Metrics,
    NodeCached,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    Output,
    RunStatus,
)
from engine.log.secrets.masking import MASK
from engine.scheduler.composition import Composition
from engine.scheduler.readiness import Go
from engine.scheduler.state.inputs import Context, Inside, args_of, given_of, has_secrets, left_out, lookup, reads_of
from engine.scheduler.state.results import Ending, Result, Results
from engine.scheduler.tasks import Command, Consider, Lane, SchedulerEvent, Task


class Stop(Struct, frozen=True):
    """Why the run of a graph is being stopped, and the status that it will have."""

    status: RunStatus
    reason: str
    cause: Cause | None = None


class Part(Protocol):
    """A vertex, or an item, stage, iteration or graph within one. It has ended once `result` is set."""

    @property
    def result(self) -> Result | None:
        """How it ended; None until then."""

    def begin(self) -> list[Command]:
        """Begin everything that can start at once."""

    def handle(self, event: SchedulerEvent) -> list[Command]:
        """Handle an event of something within it."""

    def stop(self, stop: Stop) -> list[Command]:
        """Begin nothing more. It ends once all of its wanted tasks have ended."""


class MakeUnit(Protocol):
    """Makes the part for one execution of a node: a task, or the run of a nested experience."""

    def __call__(
        self, frame: Frame, node: Node, context: Context, lane: Lane, reads: Mapping[str, Json] | None
    ) -> Part:
        """`reads` are the node's reads if the caller knows them; the items of a fan-out share them."""


class FindNested(Protocol):
    """Looks for an experience that was missing, or could not run, when the run began."""

    def __call__(self, outer: Composition, node: Node) -> Composition | ErrorInfo:
        """The experience that `node` of `outer` nests, or why it cannot run now."""


def find_nothing(outer: Composition, node: Node) -> Composition | ErrorInfo:  # noqa: ARG001
    """Find nothing: for schedulers without files."""
    return ErrorInfo("experience", f"the experience that {node.id} nests is not there")


class Settled(Protocol):
    """Decides which result of a vertex counts."""

    def __call__(self, inside: Inside, vertex: str, go: Go, result: Result) -> Result:
        """The result to enter for `vertex`, which began because of `go` and ended with `result`."""


def as_it_ended(inside: Inside, vertex: str, go: Go, result: Result) -> Result:  # noqa: ARG001
    """Enter the result itself, as a run does."""
    return result


class Frame(Struct, frozen=True):
    """One graph at work, as its parts see it. `cache` allows to restore outcomes; `order` is the graph's turn.

    A plan differs from a run in `make_unit` and `settled`, and does not stop where a failure ends a run
    (`stops_early`).
    """

    results: Results
    make_unit: MakeUnit
    find_nested: FindNested = find_nothing
    settled: Settled = as_it_ended
    stops_early: bool = True
    inside: Inside = field(default_factory=Inside)
    order: tuple[int, ...] = ()
    cache: bool = True

    @property
    def composition(self) -> Composition:
        """The composition that runs."""
        return self.results.composition

    @property
    def merges(self) -> Mapping[str, Merge]:
        """The merge of each state field."""
        return self.results.merges


def why_cancelled(stop: Stop | None, results: Iterable[Result]) -> Stop | None:
    """Why a part is cancelled instead of ending with what the rest of its `results` are: `stop`, where it was told to.

    Without that, one of its own executions was cancelled, as `--only` does. None if none was.
    """
    if stop is not None:
        return stop
    reasons = (result.reason for result in results if result.ending is Ending.CANCELLED)
    return next((Stop(RunStatus.CANCELLED, reason) for reason in reasons), None)


class Ended(Struct):
    """A part that has its result before it begins; `commands` report it."""

    result: Result | None
    commands: tuple[Command, ...] = ()

    def begin(self) -> list[Command]:
        """See Part."""
        return list(self.commands)

    def handle(self, event: SchedulerEvent) -> list[Command]:  # noqa: ARG002 - nothing happens within it
        """See Part."""
        return []

    def stop(self, stop: Stop) -> list[Command]:  # noqa: ARG002
        """See Part."""
        return []


class SingleTask(Struct):
    """One execution of a node that does not nest an experience."""

    task: Task
    result: Result | None = None

    def begin(self) -> list[Command]:
        """See Part."""
        return [Consider(self.task)]

    def handle(self, event: SchedulerEvent) -> list[Command]:
        """See Part."""
        if isinstance(event, NodeFailed):
            self.result = Result(Ending.FAILED, error=event.error)
        elif isinstance(event, NodeCancelled):
            self.result = Result(Ending.CANCELLED, reason=event.reason)
        elif isinstance(event, (NodeCompleted, NodeCached)) and event.output is not None:
            self.result = done(event.output, event.metrics, restored=isinstance(event, NodeCached))
        return []

    def stop(self, stop: Stop) -> list[Command]:  # noqa: ARG002 - the runner reports the end of the task
        """See Part."""
        return []


def make_task(frame: Frame, node: Node, context: Context, lane: Lane, reads: Mapping[str, Json] | None) -> Task:
    """The task of one execution of `node`, its references resolved."""
    find = lookup(context)
    args, given = args_of(node, find), given_of(node, find)
    assert isinstance(args.value, dict)
    assert isinstance(given.value, dict)
    return Task(
        node,
        context.visible_state,
        context.inside,
        lane,
        args.value,
        given.value,
        reads_of(context.visible_state, node) if reads is None else reads,
        context.edges,
        frame.cache and node.cache,
        left_out(node, args, given),
        shown_args_of(node, args.value, context),
        shown_given_of(node, given.value, context),
    )


def shown_args_of(node: Node, args: Mapping[str, Json], context: Context) -> Mapping[str, Json]:
    """As much of the resolved `args` as people may see; the same object where that is all."""
    if not has_secrets(context):
        return args
    return _as_shown(args, args_of(node, lookup(context, shown=True)))


def shown_given_of(node: Node, given: Mapping[str, Json], context: Context) -> Mapping[str, Json]:
    """As much of the resolved `given` as people may see; the same object where that is all."""
    if not given or not has_secrets(context):
        return given
    return _as_shown(given, given_of(node, lookup(context, shown=True)))


def _as_shown(values: Mapping[str, Json], shown: Resolved) -> Mapping[str, Json]:
    found = shown.value if isinstance(shown.value, dict) else {}
    return {name: found.get(name, MASK) for name in values}


def done(output: Output, metrics: Metrics | None = None, *, restored: bool = False) -> Result:
    """The result of an execution with this output, which took what `metrics` says."""
    edge_output = MISSING if output.edge_output is UNSET else output.edge_output
    tokens = 0 if metrics is None else (metrics.tokens_in or 0) + (metrics.tokens_out or 0)
    return Result(Ending.DONE, (output.state_delta,), edge_output, restored=restored, tokens=tokens)


def tally_name(result: Result) -> str:
    """The field of Counts for a part with this result."""
    if result.ending is Ending.DONE:
        return "cached" if result.restored else "completed"
    return str(result.ending.value)
