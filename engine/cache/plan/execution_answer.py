"""A plan's answer for one execution: the decision, with overrides applied, what changed, and what restoring saves."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from engine.cache.decisions.decision import Answer, Decision
from engine.cache.decisions.execution_path import path_of
from engine.cache.decisions.overrides import NOT_ASKED_FOR, Overrides
from engine.cache.decisions.recorded_outcomes import RecordedEnd, RecordedOutcomes
from engine.cache.keys.input_parts import InputHashers
from engine.cache.plan.current_values import CurrentValues
from engine.cache.plan.explanation import Change, Explainer
from engine.cache.plan.partial_decision import PartialDecider
from engine.cache.plan.plan_entries import Entry, saved_by
from engine.experience.model import Node
from engine.log.events.events import Scope, Sums
from engine.scheduler.activity import done
from engine.scheduler.state.inputs import Context
from engine.scheduler.state.results import UNDETERMINED, Ending, Result


class Answering(Protocol):
    """Gives the answers of one plan."""

    def answer(self, node: Node, context: Context, *, cache: bool) -> tuple[Entry, Result]:
        """The answer for one execution of `node` in `context`, and its result: undetermined if it is to run."""

    def unknown(self, id_: str, scope: tuple[Scope, ...], reasons: tuple[str, ...]) -> Entry:
        """The answer for a group whose parts are not known yet."""

    def is_not_asked_for(self, scope: tuple[Scope, ...], vertex: str, result: Result) -> bool:
        """Whether a vertex would have to run but `--only` excludes it."""


class FirstAnswers(Struct, frozen=True):
    """The answers for a run that resumes none. See Answering."""

    def answer(self, node: Node, context: Context, *, cache: bool) -> tuple[Entry, Result]:  # noqa: ARG002
        """See Answering."""
        return Entry(node.id, Answer.WILL_RUN), UNDETERMINED

    def unknown(self, id_: str, scope: tuple[Scope, ...], reasons: tuple[str, ...]) -> Entry:  # noqa: ARG002
        """See Answering."""
        return Entry(id_, Answer.IF_PREDECESSORS_SUCCEED, reasons)

    def is_not_asked_for(self, scope: tuple[Scope, ...], vertex: str, result: Result) -> bool:  # noqa: ARG002
        """See Answering."""
        return False


class Answerer(Struct, frozen=True):
    """Answers for a resume of `original`. `explainer` finds the earlier values of input parts. See Answering."""

    hashers: InputHashers
    original: RecordedOutcomes
    decider: PartialDecider
    overrides: Overrides
    explainer: Explainer

    def answer(self, node: Node, context: Context, *, cache: bool) -> tuple[Entry, Result]:
        """See Answering."""
        decided = self.decider.decide(node, context, cache=cache)
        made = self.overrides.applied(decided, self.original, node.id, context.inside.scope)
        key = made.key.hash if made.key is not None and self.hashers.is_lasting(made.key) else None
        outcome = made.restored
        if outcome is None:
            changes = self._changes(node, context, made)
            skipped = made.answer is Answer.SKIPPED
            result = Result(Ending.CANCELLED, reason=NOT_ASKED_FOR) if skipped else UNDETERMINED
            last, again = self._last(node, context), made.fails_again
            entry = Entry(node.id, made.answer, made.reasons, changes=changes, key=key, last=last, fails_again=again)
            return entry, result
        saved_ms, saved = outcome.duration_ms, saved_by(outcome.metrics)
        entry = Entry(node.id, made.answer, made.reasons, saved_ms, saved, key=key)
        return entry, done(outcome.output, outcome.metrics)

    def unknown(self, id_: str, scope: tuple[Scope, ...], reasons: tuple[str, ...]) -> Entry:
        """See Answering."""
        path = path_of(id_, scope)
        answer = Answer.DEPENDS if self.original.has_parts(path) else Answer.IF_PREDECESSORS_SUCCEED
        return Entry(id_, answer, reasons, fails_again=self.original.ends.get(path) is RecordedEnd.FAILED)

    def is_not_asked_for(self, scope: tuple[Scope, ...], vertex: str, result: Result) -> bool:
        """See Answering."""
        return result.ending is not Ending.DONE and not self.overrides.may_run(scope, vertex)

    def _last(self, node: Node, context: Context) -> Sums | None:
        """What the execution cost when it last completed; None if it never did."""
        item = context.inside.item
        recorded = self.original.recorded(path_of(node.id, context.inside.scope), item.equals if item else None)
        return saved_by(recorded[-1].metrics) if recorded else None

    def _changes(self, node: Node, context: Context, made: Decision) -> tuple[Change, ...]:
        if not made.changed:
            return ()
        at = path_of(node.id, context.inside.scope)
        return self.explainer.changes(at, node.id, made.changed, CurrentValues(node, context, self.hashers).value)
