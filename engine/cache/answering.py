"""The answer for one execution, in a plan: what was decided, what a person wishes, what changed and what is saved."""

from __future__ import annotations

from msgspec import Struct

from engine.cache.decision import Decision
from engine.cache.entries import Entry, saved_by
from engine.cache.explanation import Change, Explainer
from engine.cache.foresight import Foresight
from engine.cache.keying import Keyings
from engine.cache.original import Original
from engine.cache.places import place_of
from engine.cache.today import Today
from engine.cache.wishes import Wishes
from engine.core.board import Ending, Result
from engine.core.parts import Place, done
from engine.spec.model import Node

Prospect = tuple[Entry, Result]
"""The answer for a part, and what may be built on it."""

UNDETERMINED = Result(Ending.UNDETERMINED)


class Answering(Struct, frozen=True):
    """Answers for the executions of one plan. `explainer` tells what parts held in the runs that are resumed."""

    keyings: Keyings
    original: Original
    foresight: Foresight
    wishes: Wishes
    explainer: Explainer

    def answer(self, node: Node, place: Place, waiting: tuple[str, ...], *, cache: bool) -> Prospect:
        """The answer for one execution of `node` at `place`."""
        decided = self.foresight.decide(node, place, waiting, cache=cache)
        made = self.wishes.applied(decided, self.original, node.id, place.inside.scope)
        key = made.key.hash if made.key is not None and self.keyings.is_lasting(made.key) else None
        outcome = made.restored
        if outcome is None:
            changes = self._changes(node, place, waiting, made)
            return Entry(node.id, made.answer, made.reasons, changes=changes, key=key), UNDETERMINED
        saved_ms, saved = outcome.duration_ms, saved_by(outcome.metrics)
        return Entry(node.id, made.answer, made.reasons, saved_ms, saved, key=key), done(outcome.output)

    def may_run(self, vertex: str) -> bool:
        """Whether a vertex of the outermost graph may run."""
        return self.wishes.may_run((vertex,))

    def _changes(self, node: Node, place: Place, waiting: tuple[str, ...], made: Decision) -> tuple[Change, ...]:
        if not made.changed:
            return ()
        at = place_of(node.id, place.inside.scope)
        return self.explainer.changes(at, node.id, made.changed, Today(node, place, waiting, self.keyings).value)
