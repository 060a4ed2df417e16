"""The scheduler of a run: log events in, commands out. Deterministic and without side effects."""

from __future__ import annotations

from collections.abc import Mapping

from engine.experience.model import Kind, Node
from engine.expressions import Json
from engine.log.events.events import ErrorInfo, RunStatus
from engine.scheduler.activity import Ended, FindNested, Frame, Part, SingleTask, Stop, find_nothing, make_task
from engine.scheduler.composition import Composition, with_shared
from engine.scheduler.graph_run import GraphRun
from engine.scheduler.nested import Nested
from engine.scheduler.state.inputs import Context
from engine.scheduler.state.results import Ending, Result, Results
from engine.scheduler.tasks import Command, Failed, Finish, Lane, SchedulerEvent
from engine.scheduler.value_digest import HashOf, hash_openly


class Scheduler:
    """One run. Call `begin` once, then `handle` for every task that ends and `cancel` on request, until Finish."""

    def __init__(
        self,
        composition: Composition,
        args: Mapping[str, Json],
        start: Mapping[str, Json],
        find_nested: FindNested = find_nothing,
        hash_of: HashOf = hash_openly,
    ) -> None:
        results = Results(composition, args, start, hash_of=hash_of)
        self._run = GraphRun(Frame(results, make_unit, find_nested))
        self._finished = False

    @property
    def results(self) -> Results:
        """The results of the outermost graph."""
        return self._run.results

    def begin(self) -> list[Command]:
        """Begin everything that can start at once."""
        return self._with_finish(self._run.begin())

    def handle(self, event: SchedulerEvent) -> list[Command]:
        """Handle an event. Events of groups, such as fan-outs, are not handled: the scheduler itself asks for them."""
        return self._with_finish(self._run.handle(event))

    def cancel(self, reason: str) -> list[Command]:
        """End the run, since somebody asked for it."""
        return self._with_finish(self._run.stop(Stop(RunStatus.CANCELLED, reason)))

    def wait(self, reason: str) -> list[Command]:
        """End the run, since nothing can go on before somebody was asked: `waiting`, unless something failed."""
        return self._with_finish(self._run.stop(Stop(RunStatus.WAITING, reason)))

    def _with_finish(self, commands: list[Command]) -> list[Command]:
        ended = self._run.ended
        if ended is None or self._finished:
            return commands
        self._finished = True
        return [*commands, Finish(ended.status, ended.reason or None)]


def make_unit(frame: Frame, node: Node, context: Context, lane: Lane, reads: Mapping[str, Json] | None) -> Part:
    """The part for one execution of `node` (see MakeUnit)."""
    if node.kind is Kind.EXPERIENCE:
        return _nested(frame, node, context)
    return SingleTask(make_task(frame, node, context, lane, reads))


def _nested(frame: Frame, node: Node, context: Context) -> Part:
    known = frame.composition.nested.get(node.id)
    if known is not None:
        return Nested(frame, node, known, context)
    found = frame.find_nested(frame.composition, node)
    if isinstance(found, ErrorInfo):
        failed = Failed(node.id, context.inside.scope, found)
        return Ended(Result(Ending.FAILED, error=found), (failed,))
    return Nested(frame, with_shared(node, frame.composition.experience, found), found, context)
