"""What a resume would restore and what it would run, and why (docs/design.md, Resume, The plan). Runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from engine.cache.decision import Answer
from engine.cache.foresight import Foresight, known_args, lookup_known
from engine.cache.keying import Keyings
from engine.cache.original import Original, place_of
from engine.cache.outlook import outlook
from engine.core.board import Board, Ending, NotYetKnownError, Result
from engine.core.composition import Composition
from engine.core.fanout import edge_outputs
from engine.core.gate import Skip
from engine.core.inputs import Inside, named
from engine.core.items import item_values
from engine.core.loop import max_iterations
from engine.core.nested import child_args, child_output, child_start
from engine.core.parts import Place, done
from engine.core.pipeline import Travel
from engine.core.sight import Sight
from engine.expressions import MISSING, Json, Missing, evaluate
from engine.graph import VertexKind
from engine.log.events import ErrorInfo
from engine.spec.model import ForEach, Loop, Node, Pipeline


@dataclass(frozen=True, slots=True)
class Entry:
    """The answer for one vertex.

    `items` are the answers for its parts, as far as they are known: the items of a fan-out or pipeline and the
    iterations of a loop, each with its `index`, or the vertices of a nested experience, with their own ids. `part` is
    what one of them is called.
    """

    node_id: str
    answer: Answer
    reasons: tuple[str, ...] = ()
    saved_ms: float = 0.0
    items: tuple[Entry, ...] = ()
    index: int | None = None
    part: str = "item"


@dataclass(frozen=True, slots=True)
class Plan:
    """The answers for all vertices, in the graph's order."""

    entries: tuple[Entry, ...] = field(default=())

    def count(self, answer: Answer) -> int:
        """How many vertices have this answer."""
        return sum(1 for entry in self.entries if entry.answer is answer)


def plan(board: Board, keyings: Keyings, original: Original) -> Plan:
    """The plan of resuming `original` on `board`, which holds the run's args and starting state and no results yet.

    The board is filled with what is known of the results.
    """
    return Plan(_Planner(board, Foresight(keyings, original)).entries())


_Prospect = tuple[Entry, Result]
"""The answer for a part, and what may be built on it."""

_UNDETERMINED = Result(Ending.UNDETERMINED)


@dataclass(frozen=True, slots=True)
class _Planner:
    """Plans one graph, the outermost or a nested one; `cache` is whether anything in it may be restored."""

    board: Board
    foresight: Foresight
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

    def _vertex(self, sight: Sight) -> _Prospect:
        ahead = outlook(sight)
        if isinstance(ahead, Skip):
            return Entry(sight.vertex, Answer.SKIPPED, (ahead.reason,)), Result(Ending.SKIPPED)
        entry, result = self._going_on(Place(sight, ahead.edges, self.inside, ()), ahead.waiting)
        if not ahead.conditions or entry.answer is Answer.DEPENDS:
            return entry, result
        # It may also be skipped: nothing certain can be said until the conditions can be evaluated.
        reasons = tuple(f"when: {condition}" for condition in ahead.conditions)
        return replace(entry, answer=Answer.DEPENDS, reasons=(*reasons, *entry.reasons)), _UNDETERMINED

    def _going_on(self, place: Place, waiting: tuple[str, ...]) -> _Prospect:
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

    def _node(self, node: Node, place: Place, waiting: tuple[str, ...]) -> _Prospect:
        if node.for_each is not None:
            return self._fanout(node, node.for_each, place, waiting)
        return self._unit(node, place, waiting)

    def _unit(self, node: Node, place: Place, waiting: tuple[str, ...]) -> _Prospect:
        child = self.board.composition.nested.get(node.id)
        if child is not None:
            return self._nested(node, child, place, waiting)
        made = self.foresight.decide(node, place, waiting, cache=self.cache and node.cache)
        if made.restored is None:
            return Entry(node.id, made.answer, made.reasons), _UNDETERMINED
        return Entry(node.id, made.answer, saved_ms=made.restored.duration_ms), done(made.restored.output)

    def _fanout(self, node: Node, for_each: ForEach, place: Place, waiting: tuple[str, ...]) -> _Prospect:
        found = self._items("for_each.source", for_each.source, node.id, place, waiting)
        if isinstance(found, Entry):
            return found, _UNDETERMINED
        prospects = []
        for item in item_values(found):
            entry, result = self._unit(node, replace(place, inside=place.inside.fanout(node.id, item)), waiting)
            prospects.append((replace(entry, index=item.index), result))
        entry = _whole(node.id, [entry for entry, _ in prospects], "item")
        results = [result for _, result in prospects]
        if any(result.ending is not Ending.DONE for result in results):
            return entry, _UNDETERMINED
        deltas = tuple(delta for result in results for delta in result.deltas)
        return entry, Result(Ending.DONE, deltas, edge_outputs(results))

    def _pipeline(self, pipeline: Pipeline, place: Place, waiting: tuple[str, ...]) -> _Prospect:
        found = self._items("items", pipeline.items, pipeline.id, place, waiting)
        if isinstance(found, Entry):
            return found, _UNDETERMINED
        stages = tuple(self.board.nodes[stage] for stage in pipeline.stages)
        travels = [Travel(place.inside.staged(pipeline.id, item), item.index) for item in item_values(found)]
        entries = [self._travel(pipeline, stages, travel, place, waiting) for travel in travels]
        entry = _whole(pipeline.id, entries, "item")
        if any(travel.stage < len(stages) for travel in travels):
            return entry, _UNDETERMINED
        deltas = tuple(delta for travel in travels for delta in travel.deltas)
        outputs = edge_outputs(Result(Ending.DONE, (), travel.passed) for travel in travels)
        return entry, Result(Ending.DONE, deltas, outputs)

    def _travel(
        self, pipeline: Pipeline, stages: tuple[Node, ...], travel: Travel, place: Place, waiting: tuple[str, ...]
    ) -> Entry:
        """The answer for one item: that of the first of its stages that is not restored."""
        saved = 0.0
        for stage in stages:
            edges = travel.received(stages, place.edges)
            here = Place(place.sight.after(travel.deltas), edges, travel.inside, ())
            entry, result = self._unit(stage, here, waiting)
            saved += entry.saved_ms
            if result.ending is not Ending.DONE:
                reasons = tuple(f"{stage.id}: {reason}" for reason in entry.reasons) or (stage.id,)
                return Entry(pipeline.id, entry.answer, reasons, saved, index=travel.index)
            travel.take(result)
        return Entry(pipeline.id, Answer.RESTORED, saved_ms=saved, index=travel.index)

    def _loop(self, loop: Loop, place: Place, waiting: tuple[str, ...]) -> _Prospect:
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
                return _iterated(loop, Answer.DEPENDS, asked, entries), _UNDETERMINED
            if over:
                break
            entry, result = self._node(body, here, waiting)
            entries.append(replace(entry, node_id=loop.id, index=len(entries)))
            if result.ending is not Ending.DONE:
                reasons = tuple(f"iteration {len(entries) - 1}: {reason}" for reason in entry.reasons)
                return _iterated(loop, entry.answer, reasons, entries), _UNDETERMINED
            deltas += result.deltas
            sight = sight.after(result.deltas)
            edge_output = edge_output if result.edge_output is MISSING else result.edge_output
        return _whole(loop.id, entries, "iteration"), Result(Ending.DONE, tuple(deltas), edge_output)

    def _is_over(self, loop: Loop, place: Place, waiting: tuple[str, ...]) -> bool | None:
        """Whether `until` holds; None where nobody can say yet."""
        if loop.until is None:
            return False
        try:
            return evaluate(loop.until, lookup_known(place, waiting)).value
        except NotYetKnownError:
            return None

    def _nested(self, node: Node, child: Composition, place: Place, waiting: tuple[str, ...]) -> _Prospect:
        unknown: dict[str, str] = {}
        known_args(node, lookup_known(place, waiting), unknown)
        start: Mapping[str, Json] = {}
        try:
            start = child_start(node, child, place)
        except NotYetKnownError as error:
            unknown["its state"] = ", ".join(error.vertices)
        if unknown:
            reasons = tuple(f"{name} comes from {source}" for name, source in unknown.items())
            return self._unknown(node.id, reasons, place), _UNDETERMINED
        args = child_args(node, child, place)
        if isinstance(args, ErrorInfo):
            return Entry(node.id, Answer.WILL_RUN, (args.message,)), _UNDETERMINED
        board = Board(child, args, start)
        inner = _Planner(board, self.foresight, place.inside.nested(node.id), self.cache and node.cache)
        entry = _whole(node.id, inner.entries(), "node")
        if any(result.ending is Ending.UNDETERMINED for result in board.results.values()):
            if waiting and entry.answer is Answer.WILL_RUN:
                entry = replace(entry, answer=Answer.IF_PREDECESSORS_SUCCEED)
            return entry, _UNDETERMINED
        return entry, done(child_output(node, child, board, place)[0])

    def _items(self, key: str, source: str, vertex: str, place: Place, waiting: tuple[str, ...]) -> list[Json] | Entry:
        """The list that a fan-out or pipeline works on; or its answer while that is not known, or none."""
        try:
            found = named(source, lookup_known(place, waiting))
        except NotYetKnownError as error:
            unknown = dict.fromkeys((*waiting, *error.vertices))
            return self._unknown(vertex, tuple(f"its items come from {source}" for source in unknown), place)
        if not isinstance(found, list):
            return Entry(vertex, Answer.WILL_RUN, (f"{key} is not a list",))
        return found

    def _unknown(self, vertex: str, reasons: tuple[str, ...], place: Place) -> Entry:
        """The answer for a whole whose parts nobody knows yet."""
        before = self.foresight.original.has_parts(place_of(vertex, place.inside.scope))
        return Entry(vertex, Answer.DEPENDS if before else Answer.IF_PREDECESSORS_SUCCEED, reasons)


def _whole(vertex: str, entries: Iterable[Entry], part: str) -> Entry:
    """The answer for a whole, from the answers for its parts: the most certain of those that are not `restored`."""
    items = tuple(entries)
    left = [item for item in items if item.answer not in (Answer.RESTORED, Answer.SKIPPED)]
    if not left:
        return Entry(vertex, Answer.RESTORED, saved_ms=_saved(items), items=items, part=part)
    order = (Answer.WILL_RUN, Answer.IF_PREDECESSORS_SUCCEED, Answer.DEPENDS)
    answer = min((item.answer for item in left), key=order.index)
    return Entry(vertex, answer, (f"{len(left)} of {len(items)} {part}s",), _saved(items), items, part=part)


def _iterated(loop: Loop, answer: Answer, reasons: tuple[str, ...], entries: list[Entry]) -> Entry:
    """The answer for a loop of which nobody knows how it goes on after these iterations."""
    return Entry(loop.id, answer, reasons, _saved(entries), tuple(entries), part="iteration")


def _saved(entries: Iterable[Entry]) -> float:
    return sum(entry.saved_ms for entry in entries)
