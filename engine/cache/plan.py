"""What a resume would restore and what it would run, and why (docs/design.md, Resume, The plan). Runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from engine.cache.decision import Answer, Decision, decide
from engine.cache.key import Parts
from engine.cache.keying import Keying, NodeParts, execution_parts, received_parts
from engine.cache.original import Original, place_of
from engine.core.board import Board, Ending, NotYetKnownError, Result
from engine.core.gate import Skip, delivered, gate, holds
from engine.core.inputs import ItemValue, items_of, lookup
from engine.core.items import item_values
from engine.core.tasks import scope_of
from engine.expressions import MISSING, Json, Missing, Root, paths_of, resolve
from engine.graph import Graph
from engine.log.events import Cause, EdgeEnds, Output
from engine.spec.model import Experience, Join, Node


@dataclass(frozen=True, slots=True)
class Entry:
    """The answer for one vertex. `items` are the answers for the items of a fan-out whose list is known."""

    node_id: str
    answer: Answer
    reasons: tuple[str, ...] = ()
    saved_ms: float = 0.0
    items: tuple[Entry, ...] = ()
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The answers for all vertices, in the graph's order."""

    entries: tuple[Entry, ...] = field(default=())

    def count(self, answer: Answer) -> int:
        """How many vertices have this answer."""
        return sum(1 for entry in self.entries if entry.answer is answer)


def plan(
    experience: Experience,
    graph: Graph,
    keying: Keying,
    args: Mapping[str, Json],
    original: Original,
    start: Mapping[str, Json],
) -> Plan:
    """The plan of resuming `original` with the run's `args`, from the starting state `start`."""
    board = Board(experience, graph, args, start)
    nodes = {node.id: node for node in experience.nodes}
    entries = []
    for vertex in graph.order:
        entry, result = _Planner(board, keying, original).entry(nodes[vertex])
        board.settle(vertex, result)
        entries.append(entry)
    return Plan(tuple(entries))


_UNDETERMINED = Result(Ending.UNDETERMINED)


@dataclass(frozen=True, slots=True)
class _Outlook:
    """What reaches a vertex: known edge outputs, predecessors still to run, conditions that nobody can evaluate yet."""

    edges: Mapping[str, Json]
    waiting: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the executions of a vertex have in common; `unknown` maps a part to where it comes from."""

    node: NodeParts
    received: Parts
    unknown: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Planner:
    board: Board
    keying: Keying
    original: Original

    def entry(self, node: Node) -> tuple[Entry, Result]:
        """The answer for one vertex, and what the vertices after it may build on."""
        outlook = self._outlook(node)
        if isinstance(outlook, Skip):
            return Entry(node.id, Answer.SKIPPED, (outlook.reason,)), Result(Ending.SKIPPED)
        entry, result = self._fanout(node, outlook) if node.for_each is not None else self._single(node, outlook)
        if not outlook.conditions or entry.answer is Answer.DEPENDS:
            return entry, result
        # It may also be skipped: nothing certain can be said until the conditions can be evaluated.
        reasons = tuple(f"when: {condition}" for condition in outlook.conditions)
        return replace(entry, answer=Answer.DEPENDS, reasons=(*reasons, *entry.reasons)), _UNDETERMINED

    def _outlook(self, node: Node) -> _Outlook | Skip:
        """What is known of the edges into `node`: a skip that nothing can change, or what is still open."""
        incoming = self.board.graph.incoming[node.id]
        edges = delivered(self.board, incoming)
        waiting = tuple(
            dict.fromkeys(
                edge.from_ for edge in incoming if self.board.results[edge.from_].ending is Ending.UNDETERMINED
            )
        )
        try:
            decision = gate(self.board, node)
        except NotYetKnownError:
            return self._open_conditions(node, _Outlook(edges, waiting))
        return decision if isinstance(decision, Skip) else _Outlook(decision.edges)

    def _open_conditions(self, node: Node, outlook: _Outlook) -> _Outlook | Skip:
        conditions = []
        for edge in self.board.graph.incoming[node.id]:
            if edge.when is None or edge.when_text is None:
                continue
            names_edges = any(path.root is Root.EDGES for path in paths_of(edge.when))
            try:
                held = None if names_edges and outlook.waiting else holds(self.board, node, edge, [])
            except NotYetKnownError:
                held = None
            if held is None:
                conditions.append(edge.when_text)
            elif not held and node.join is Join.ALL:
                return Skip(f"when: {edge.when_text} is false", Cause(edge=EdgeEnds(edge.from_, edge.to)))
        return replace(outlook, conditions=tuple(conditions))

    def _single(self, node: Node, outlook: _Outlook) -> tuple[Entry, Result]:
        made = self._decide(node, self._shared(node, outlook), outlook, None)
        if made.restored is None:
            return Entry(node.id, made.answer, made.reasons), _UNDETERMINED
        return Entry(node.id, made.answer, saved_ms=made.restored.duration_ms), _restored(made.restored.output)

    def _fanout(self, node: Node, outlook: _Outlook) -> tuple[Entry, Result]:
        waiting = outlook.waiting
        source: Json | Missing = MISSING
        try:
            source = items_of(self.board, node, outlook.edges)
        except NotYetKnownError as error:
            waiting = (*waiting, *error.vertices)
        if waiting:
            return self._unknown_fanout(node, waiting), _UNDETERMINED
        if not isinstance(source, list):
            return Entry(node.id, Answer.WILL_RUN, ("for_each.source is not a list",)), _UNDETERMINED
        shared = self._shared(node, outlook)
        made = [self._decide(node, shared, outlook, item) for item in item_values(source)]
        items = tuple(_item_entry(node, index, decision) for index, decision in enumerate(made))
        outputs = [decision.restored.output for decision in made if decision.restored is not None]
        if len(outputs) == len(made):
            deltas = tuple(output.state_delta for output in outputs)
            edges: list[Json] = [output.edge_output for output in outputs if output.has_edge_output]
            saved = sum(item.saved_ms for item in items)
            done = Result(Ending.DONE, deltas, edges if edges else MISSING)
            return Entry(node.id, Answer.RESTORED, saved_ms=saved, items=items), done
        answer = Answer.DEPENDS if all(item.answer in _UNSURE for item in items) else Answer.WILL_RUN
        reason = f"{len(made) - len(outputs)} of {len(made)} items"
        return Entry(node.id, answer, (reason,), sum(item.saved_ms for item in items), items), _UNDETERMINED

    def _unknown_fanout(self, node: Node, waiting: tuple[str, ...]) -> Entry:
        reasons = tuple(f"its items come from {vertex}" for vertex in dict.fromkeys(waiting))
        answer = Answer.DEPENDS if self.original.items_of(node.id) else Answer.IF_PREDECESSORS_SUCCEED
        return Entry(node.id, answer, reasons)

    def _shared(self, node: Node, outlook: _Outlook) -> _Shared:
        unknown = {f"edges.{vertex}": vertex for vertex in outlook.waiting}
        reads = self._known(node.reads, "reads", unknown, lambda name: self._read(node, name))
        return _Shared(self.keying.node(node), received_parts(reads, outlook.edges), unknown)

    def _decide(self, node: Node, shared: _Shared, outlook: _Outlook, item: ItemValue | None) -> Decision:
        """Decide with what is known; the edge outputs of predecessors that have not run are not."""
        if not node.cache:
            certain = Answer.IF_PREDECESSORS_SUCCEED if outlook.waiting else Answer.WILL_RUN
            return Decision(certain, ("cache: false",))
        unknown = dict(shared.unknown)
        args = self._known(node.args, "args", unknown, lambda name: self._arg(node, name, outlook.edges, item))
        parts = execution_parts(shared.node, shared.received, args, item)
        return decide(self.original, place_of(node.id, scope_of(node, item)), parts, unknown)

    def _known(
        self,
        names: Iterable[str],
        prefix: str,
        unknown: dict[str, str],
        find: Callable[[str], dict[str, Json]],
    ) -> dict[str, Json]:
        """The values that are known; the names of the others go to `unknown`, with the vertices they come from."""
        known: dict[str, Json] = {}
        for name in names:
            try:
                known.update(find(name))
            except NotYetKnownError as error:
                unknown[f"{prefix}.{name}"] = ", ".join(error.vertices)
        return known

    def _read(self, node: Node, name: str) -> dict[str, Json]:
        value = self.board.see(node.id, name)
        return {} if value is MISSING else {name: value}

    def _arg(self, node: Node, name: str, edges: Mapping[str, Json], item: ItemValue | None) -> dict[str, Json]:
        value = resolve({name: node.args[name]}, lookup(self.board, node.id, edges, item)).value
        assert isinstance(value, dict)
        return value


_UNSURE = (Answer.DEPENDS, Answer.RESTORED)


def _restored(output: Output) -> Result:
    return Result(Ending.DONE, (output.state_delta,), output.edge_output if output.has_edge_output else MISSING)


def _item_entry(node: Node, index: int, decision: Decision) -> Entry:
    saved = decision.restored.duration_ms if decision.restored is not None else 0.0
    return Entry(node.id, decision.answer, decision.reasons, saved, index=index)
