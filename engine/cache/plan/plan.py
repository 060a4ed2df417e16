"""Plans a resume: what it would restore, what it would run, and why (docs/design.md, Resume, The plan).

The scheduler of a run walks the graph. Instead of running a task, it gets an answer: the recorded outcome if the task
would be restored, else an undetermined result.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from engine.cache.decisions.decision import Answer
from engine.cache.decisions.overrides import Overrides
from engine.cache.decisions.recorded_outcomes import RecordedOutcomes
from engine.cache.keys.input_parts import InputHashers
from engine.cache.plan.execution_answer import Answerer, Answering, FirstAnswers
from engine.cache.plan.explanation import Explainer
from engine.cache.plan.partial_decision import PartialDecider, known_args
from engine.cache.plan.plan_entries import Entry, Plan
from engine.cache.plan.plan_tree import Answers, PlanTree
from engine.experience.model import ExperienceSpec, Node
from engine.expressions import Json
from engine.scheduler.activity import Ended, Frame, Part
from engine.scheduler.composition import Composition
from engine.scheduler.graph_run import GraphRun
from engine.scheduler.nested import Nested, child_start
from engine.scheduler.readiness import Go
from engine.scheduler.state.inputs import Context, Inside, lookup
from engine.scheduler.state.results import UNDETERMINED, Ending, NotYetKnownError, Result, Results
from engine.scheduler.tasks import Lane, TryAgain, TryLater


def plan(
    results: Results, hashers: InputHashers, original: RecordedOutcomes, overrides: Overrides, explainer: Explainer
) -> Plan:
    """The plan of resuming `original`. `results` has the args and starting state of the run, and no results yet.

    Enters the results that are known, or undetermined.
    """
    answerer = Answerer(hashers, original, PartialDecider(hashers, original), overrides, explainer)
    return Plan(_entries(results, answerer), original.run_id)


def first_plan(results: Results) -> Plan:
    """The plan of a run that resumes none: reads no files, since everything runs. `results` is as for `plan`."""
    return Plan(_entries(results, FirstAnswers()))


def _entries(results: Results, answerer: Answering) -> tuple[Entry, ...]:
    planner = _Planner(answerer)
    planner.walk(results)
    return PlanTree(planner.answers, answerer, results.composition).entries(())


class _Planner:
    """Lets the scheduler walk a graph, and keeps its commands and the answers for executions."""

    def __init__(self, answerer: Answering) -> None:
        self.answers = Answers()
        self._answerer = answerer

    def walk(self, results: Results) -> None:
        """Walk the graph of `results`, and all that is nested in it."""
        run = GraphRun(Frame(results, self._make_unit, settled=self._settled, stops_early=False))
        commands = deque(run.begin())
        while commands:
            command = commands.popleft()
            self.answers.note(command)
            if isinstance(command, TryLater):
                commands += run.handle(TryAgain(command))

    def _make_unit(
        self,
        frame: Frame,
        node: Node,
        context: Context,
        lane: Lane,  # noqa: ARG002 - nothing queues
        reads: Mapping[str, Json] | None,  # noqa: ARG002 - some of them may be unknown
    ) -> Part:
        """See MakeUnit."""
        child = frame.composition.nested.get(node.id)
        if child is not None:
            unknown = _unknown_inputs(node, child, context)
            if not unknown:
                return Nested(frame, node, child, context)
            entry, result = self._answerer.unknown(node.id, context.inside.scope, unknown), UNDETERMINED
        elif isinstance(node.spec, ExperienceSpec):
            reason = f"{node.spec.impl} is not there, or has errors: it is looked for when {node.id} starts"
            entry, result = Entry(node.id, Answer.WILL_RUN, (reason,)), UNDETERMINED
        else:
            entry, result = self._answerer.answer(node, context, cache=frame.cache and node.cache)
        self.answers.add(context.inside.scope, entry)
        return Ended(result)

    def _settled(self, inside: Inside, vertex: str, go: Go, result: Result) -> Result:
        """See Settled: the result of what may yet be skipped is not known, whatever is known of its parts."""
        self.answers.settled[inside.scope, vertex] = go, result
        if self._answerer.is_not_asked_for(inside.scope, vertex, result):
            return Result(Ending.CANCELLED)
        if go.conditions or (go.unknown and result.ending is Ending.DONE):
            return UNDETERMINED
        return result


def _unknown_inputs(node: Node, child: Composition, context: Context) -> tuple[str, ...]:
    """Reasons: the args and state of a nested experience that are not known yet."""
    unknown: dict[str, str] = {}
    known_args(node, lookup(context), unknown)
    try:
        child_start(node, child, context)
    except NotYetKnownError as error:
        unknown["its state"] = ", ".join(error.vertices)
    return tuple(f"{name} comes from {source}" for name, source in unknown.items())
