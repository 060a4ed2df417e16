"""What a resume would restore and what it would run, and why (docs/design.md, Resume, The plan). Runs nothing."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from engine.cache.decisions.decision import Answer
from engine.cache.decisions.execution_path import place_of
from engine.cache.decisions.overrides import NOT_ASKED_FOR, Wishes
from engine.cache.decisions.recorded_outcomes import Original
from engine.cache.keys.input_parts import Keyings
from engine.cache.plan.edge_status import outlook
from engine.cache.plan.execution_answer import UNDETERMINED, Answering, Prospect
from engine.cache.plan.explanation import Explainer
from engine.cache.plan.partial_decision import Foresight, known_args, lookup_known
from engine.cache.plan.plan_entries import Entry, Plan, as_whole, saved, saved_ms
from engine.experience.graph import VertexKind
from engine.experience.model import ExperienceSpec, ForEach, Loop, Node, Pipeline
from engine.expressions import MISSING, Json, Missing, evaluate
from engine.log.events.events import ErrorInfo
from engine.scheduler.activity import Place, done
from engine.scheduler.composition import Composition
from engine.scheduler.fanout import fanned_in
from engine.scheduler.items import for_each_items, items_at, list_items
from engine.scheduler.loop import max_iterations
from engine.scheduler.nested import child_args, child_board, child_output, child_start
from engine.scheduler.pipeline import Travel, arrived
from engine.scheduler.readiness import Skip
from engine.scheduler.state.inputs import Inside, named
from engine.scheduler.state.results import Board, Ending, NotYetKnownError, Result
from engine.scheduler.state.visible_state import Sight
from engine.scheduler.state.writes import check_output


def plan(board: Board, keyings: Keyings, original: Original, wishes: Wishes, explainer: Explainer) -> Plan:
    """The plan of resuming `original` on `board`, which holds the run's args and starting state and no results yet.

    The board is filled with what is known of the results.
    """
    answering = Answering(keyings, original, Foresight(keyings, original), wishes, explainer)
    return Plan(_Planner(board, answering).entries(), original.run_id)


class _Planner(Struct, frozen=True):
    """Plans one graph, the outermost or a nested one; `cache` is whether anything in it may be restored."""

    board: Board
    answering: Answering
    inside: Inside = field(default_factory=Inside)
    cache: bool = True

    def entries(self) -> tuple[Entry, ...]:
        """The answers for all vertices, whose results are entered on the board."""
        entries = []
        for vertex in self.board.graph.order:
            entry, result = self._vertex(Sight(self.board, vertex))
            self.board.settle(vertex, result)
            entries.append(entry)
        return tuple(entries)

    def _vertex(self, sight: Sight) -> Prospect:
        ahead = outlook(sight)
        if isinstance(ahead, Skip):
            return Entry(sight.vertex, Answer.SKIPPED, (ahead.reason,)), Result(Ending.SKIPPED)
        entry, result = self._going_on(Place(sight, ahead.edges, self.inside, ()), ahead.waiting)
        if result.ending is not Ending.DONE and not self.inside.scope and not self.answering.may_run(sight.vertex):
            return replace(entry, answer=Answer.SKIPPED, reasons=(NOT_ASKED_FOR,)), Result(Ending.CANCELLED)
        if ahead.waiting and result.ending is Ending.DONE:
            reasons = tuple(f"it needs {vertex} to succeed" for vertex in ahead.waiting)
            entry, result = replace(entry, answer=Answer.DEPENDS, reasons=reasons), UNDETERMINED
        elif ahead.waiting and entry.answer is Answer.WILL_RUN:
            entry = replace(entry, answer=Answer.IF_PREDECESSORS_SUCCEED)
        if not ahead.conditions:
            return entry, result
        # It may also be skipped: nothing certain can be said until the conditions can be evaluated.
        reasons = tuple(f"when: {condition}" for condition in ahead.conditions)
        return replace(entry, answer=Answer.DEPENDS, reasons=(*reasons, *entry.reasons)), UNDETERMINED

    def _going_on(self, place: Place, waiting: tuple[str, ...]) -> Prospect:
        vertex, experience = place.sight.vertex, self.board.composition.experience
        kind = self.board.graph.vertices[vertex].kind
        if kind is VertexKind.PIPELINE:
            pipeline = next(pipeline for pipeline in experience.pipelines if pipeline.id == vertex)
            return self._pipeline(pipeline, place, waiting)
        if kind is VertexKind.LOOP:
            loop = next(loop for loop in experience.loops if loop.id == vertex)
            return self._loop(loop, place, waiting)
        node = self.board.nodes[vertex]
        return self._node(node, place, waiting)

    def _node(self, node: Node, place: Place, waiting: tuple[str, ...]) -> Prospect:
        if node.for_each is not None:
            return self._fanout(node, node.for_each, place, waiting)
        return self._unit(node, place, waiting)

    def _unit(self, node: Node, place: Place, waiting: tuple[str, ...]) -> Prospect:
        child = self.board.composition.nested.get(node.id)
        if child is not None:
            return self._nested(node, child, place, waiting)
        if isinstance(node.spec, ExperienceSpec):
            reason = f"{node.spec.impl} is not there, or has errors: it is looked for when {node.id} starts"
            return Entry(node.id, Answer.WILL_RUN, (reason,)), UNDETERMINED
        return self.answering.answer(node, place, waiting, cache=self.cache and node.cache)

    def _fanout(self, node: Node, for_each: ForEach, place: Place, waiting: tuple[str, ...]) -> Prospect:
        found = self._found(for_each.source, node.id, place, waiting)
        if isinstance(found, Entry):
            return found, UNDETERMINED
        values = for_each_items(node, for_each, found)
        if isinstance(values, ErrorInfo):
            return _failing(node.id, values)
        entries: list[Entry] = []
        results: dict[int, Result] = {}
        for item in items_at(for_each.source, values, place.sight, place.edges, place.inside):
            there = replace(place, inside=place.inside.fanout(node.id, item))
            entry, results[item.index] = self._unit(node, there, waiting)
            entries.append(replace(entry, index=item.index))
        whole = as_whole(node.id, entries, "item")
        if any(result.ending is Ending.UNDETERMINED for result in results.values()):
            return whole, UNDETERMINED
        return _come_to(whole, fanned_in(results, for_each, len(values), self.board.merges))

    def _pipeline(self, pipeline: Pipeline, place: Place, waiting: tuple[str, ...]) -> Prospect:
        found = self._found(pipeline.items, pipeline.id, place, waiting)
        if isinstance(found, Entry):
            return found, UNDETERMINED
        values = list_items("items", pipeline.items, pipeline.id, found)
        if isinstance(values, ErrorInfo):
            return _failing(pipeline.id, values)
        stages = tuple(self.board.nodes[stage] for stage in pipeline.stages)
        items = items_at(pipeline.items, values, place.sight, place.edges, place.inside)
        travels = [Travel(place.inside.staged(pipeline.id, item), item.index) for item in items]
        entries = [self._travel(pipeline, stages, travel, place, waiting) for travel in travels]
        whole = as_whole(pipeline.id, entries, "item")
        if any(travel.stage < len(stages) and travel.error is None for travel in travels):
            return whole, UNDETERMINED
        return _come_to(whole, arrived(travels, self.board.merges))

    def _travel(
        self, pipeline: Pipeline, stages: tuple[Node, ...], travel: Travel, place: Place, waiting: tuple[str, ...]
    ) -> Entry:
        """The answer for one item: that of the first of its stages that is not restored."""
        entries: list[Entry] = []
        for stage in stages:
            edges = travel.received(stages, place.edges)
            here = Place(place.sight.after(travel.deltas), edges, travel.inside, ())
            entry, result = self._unit(stage, here, waiting)
            entries.append(entry)
            if result.ending is not Ending.DONE:
                travel.error = result.error
                reasons = tuple(f"{stage.id}: {reason}" for reason in entry.reasons) or (stage.id,)
                stopped = replace(entry, node_id=pipeline.id, reasons=reasons, index=travel.index)
                return replace(stopped, saved_ms=saved_ms(entries), saved=saved(entries))
            travel.take(result)
        restored = Entry(pipeline.id, Answer.RESTORED, index=travel.index)
        return replace(restored, saved_ms=saved_ms(entries), saved=saved(entries))

    def _loop(self, loop: Loop, place: Place, waiting: tuple[str, ...]) -> Prospect:
        body = self.board.nodes[loop.body]
        entries: list[Entry] = []
        deltas: list[Mapping[str, Json]] = []
        edge_output: Json | Missing = MISSING
        sight = place.sight
        while len(entries) < max_iterations(loop):
            inside = place.inside.iterated(loop.id, len(entries))
            here = replace(place, sight=sight, inside=inside)
            over = self._is_over(loop, here, waiting)
            if over is None:
                asked = (f"until: {loop.until_text}",)
                return _iterated(loop, Answer.DEPENDS, asked, entries), UNDETERMINED
            if over:
                break
            entry, result = self._node(body, here, waiting)
            entries.append(replace(entry, node_id=loop.id, index=len(entries)))
            if result.ending is not Ending.DONE:
                reasons = tuple(f"iteration {len(entries) - 1}: {reason}" for reason in entry.reasons)
                broken_off = replace(result, deltas=(*deltas, *result.deltas), edge_output=edge_output)
                return _iterated(loop, entry.answer, reasons, entries), broken_off
            deltas += result.deltas
            sight = sight.after(result.deltas)
            edge_output = edge_output if result.edge_output is MISSING else result.edge_output
        return as_whole(loop.id, entries, "iteration"), Result(Ending.DONE, tuple(deltas), edge_output)

    def _is_over(self, loop: Loop, place: Place, waiting: tuple[str, ...]) -> bool | None:
        """Whether `until` holds; None where nobody can say yet."""
        if loop.until is None:
            return False
        try:
            return evaluate(loop.until, lookup_known(place, waiting)).value
        except NotYetKnownError:
            return None

    def _nested(self, node: Node, child: Composition, place: Place, waiting: tuple[str, ...]) -> Prospect:
        unknown: dict[str, str] = {}
        known_args(node, lookup_known(place, waiting), unknown)
        try:
            child_start(node, child, place)
        except NotYetKnownError as error:
            unknown["its state"] = ", ".join(error.vertices)
        if unknown:
            reasons = tuple(f"{name} comes from {source}" for name, source in unknown.items())
            return self._unknown(node.id, reasons, place), UNDETERMINED
        args = child_args(node, child, place)
        if isinstance(args, ErrorInfo):
            return _failing(node.id, args)
        board = child_board(node, child, place, args)
        inner = _Planner(board, self.answering, place.inside.nested(node.id), self.cache and node.cache)
        entry = as_whole(node.id, inner.entries(), "node")
        endings = {result.ending for result in board.results.values()}
        if Ending.FAILED in endings:
            return entry, Result(Ending.FAILED, error=ErrorInfo("experience", f"{child.experience.name} failed"))
        if Ending.UNDETERMINED in endings:
            return entry, UNDETERMINED
        checked = check_output(place.sight, node, child_output(node, child, board, place)[0])
        return _come_to(entry, done(checked.output) if checked.error is None else _failed(checked.error))

    def _found(self, source: str, vertex: str, place: Place, waiting: tuple[str, ...]) -> Json | Missing | Entry:
        """What a fan-out or pipeline works on; or its answer while that is not known."""
        try:
            return named(source, lookup_known(place, waiting))
        except NotYetKnownError as error:
            unknown = dict.fromkeys((*waiting, *error.vertices))
            return self._unknown(vertex, tuple(f"its items come from {source}" for source in unknown), place)

    def _unknown(self, vertex: str, reasons: tuple[str, ...], place: Place) -> Entry:
        """The answer for a whole whose parts nobody knows yet."""
        before = self.answering.original.has_parts(place_of(vertex, place.inside.scope))
        return Entry(vertex, Answer.DEPENDS if before else Answer.IF_PREDECESSORS_SUCCEED, reasons)


def _failed(error: ErrorInfo) -> Result:
    return Result(Ending.FAILED, error=error)


def _failing(vertex: str, error: ErrorInfo) -> Prospect:
    """What fails before anything in it begins."""
    return Entry(vertex, Answer.WILL_RUN, (error.message,)), _failed(error)


def _come_to(entry: Entry, result: Result) -> Prospect:
    """A whole of which all parts are known: it may fail although each of them is restored."""
    if result.error is None or entry.answer is not Answer.RESTORED:
        return entry, result
    return replace(entry, answer=Answer.WILL_RUN, reasons=(result.error.message,)), result


def _iterated(loop: Loop, answer: Answer, reasons: tuple[str, ...], entries: list[Entry]) -> Entry:
    """The answer for a loop of which nobody knows how it goes on after these iterations."""
    return Entry(loop.id, answer, reasons, saved_ms(entries), saved(entries), tuple(entries), part="iteration")
