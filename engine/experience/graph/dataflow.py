"""The data flow of an experience, for checks of the whole graph: which vertices read and write which fields, in order.

Computed again only if a name, an order or a condition changes; any other edit costs one comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from engine.experience.graph.topology import Topology, Vertex
from engine.experience.graph.waits import Waiting, waiting
from engine.experience.model import Edge, Merge
from engine.experience.nested.declarations import Declarations
from engine.experience.reading.item_references import Flow
from engine.experience.reading.items import Item
from engine.experience.reading.parts import Parts
from engine.experience.reading.sections import Section
from engine.expressions import Expression, Path
from engine.syntax import Span


class Spot(Struct, frozen=True):
    """A place as names instead of offsets: a list, a position in it, and the field read or written there."""

    section: str
    position: int
    field: str | None = None
    writes: bool = False

    def span(self, parts: Parts) -> Span:
        """The span in the text now: the use of the field, else the id, else the whole item."""
        section: Section[Any] = getattr(parts, self.section)
        item = section.items[self.position]
        for use in item.uses:
            if use.field == self.field and (use.by == "writes") is self.writes:
                return section.place(self.position, use.span)
        return section.place(self.position, item.id.span) if item.id else section.span(self.position)


class FieldFacts(Struct, frozen=True):
    """The facts about a field that data flow depends on. `starts`: a run starts with a value in it.

    `position` is its position among the fields.
    """

    name: str
    merge: Merge
    starts: bool
    position: int


class _Key(Struct, frozen=True):
    """The inputs of the data flow. Parts are compared by identity first, so that equal ones cost nothing."""

    nodes: tuple[Flow | None, ...]
    edges: tuple[Item[Edge], ...]
    others: tuple[tuple[Item[Any], ...], tuple[Item[Any], ...]]
    fields: tuple[FieldFacts, ...]
    nested: Mapping[str, Declarations]


class DataFlow(Struct, frozen=True):
    """The reads and writes of each vertex, with their places. `waiting` covers edges and reads, but not `set_once`.

    `order` are the vertices in topological order, `positions` their positions in it. `conditions`, and the paths that
    they compare (`bounds`), are by edge.
    """

    key: _Key
    topology: Topology
    order: tuple[Vertex, ...]
    positions: Mapping[str, int]
    fields: Mapping[str, FieldFacts]
    reads: Mapping[str, Mapping[str, Spot]]
    writes: Mapping[str, Mapping[str, Spot]]
    joins_any: frozenset[str]
    conditions: Mapping[int, Expression]
    bounds: Mapping[int, frozenset[Path]]
    waiting: Waiting

    def is_given(self, spot: Spot) -> bool:
        """Checks that an arg of the node replaces the field read there (docs/format.md, References)."""
        item = self.key.nodes[spot.position] if spot.section == "nodes" else None
        return item is not None and spot.field in item.given

    def id_spot(self, vertex: str) -> Spot:
        """The place of a vertex's id: the first, if several items have it."""
        flows, (pipelines, loops) = self.key.nodes, self.key.others
        lists: tuple[tuple[str, Iterable[str | None]], ...] = (
            ("nodes", (flow.id if flow else None for flow in flows)),
            ("pipelines", (item.id.text if item.id else None for item in pipelines)),
            ("loops", (item.id.text if item.id else None for item in loops)),
        )
        return next(Spot(name, at) for name, ids in lists for at, id_ in enumerate(ids) if id_ == vertex)


def read_dataflow(
    parts: Parts,
    graph: Topology,
    fields: tuple[FieldFacts, ...],
    nested: Mapping[str, Declarations],
    previous: DataFlow | None,
) -> DataFlow | None:
    """The data flow of a graph without cycles or unknown names; None if a shared state is unknown.

    `nested` are the declarations of nested experiences, by `impl`.
    """
    key = _Key(
        tuple([item.flow for item in parts.nodes.items]),
        parts.edges.items,
        (parts.pipelines.items, parts.loops.items),
        fields,
        nested,
    )
    if previous is not None and previous.topology is graph and _same(previous.key, key):
        return previous
    reader = _Reader(parts, graph, nested)
    if not reader.read():
        return None
    order = tuple([graph.vertices[position] for position in graph.order])
    predecessors = graph.predecessors()
    return DataFlow(
        key=key,
        topology=graph,
        order=order,
        positions={vertex.id: position for position, vertex in enumerate(order)},
        fields={field.name: field for field in fields},
        reads=reader.reads,
        writes=reader.writes,
        joins_any=frozenset(reader.joins_any),
        conditions=reader.conditions,
        bounds=reader.bounds,
        waiting=waiting(
            {vertex.id: predecessors[vertex.id] for vertex in order}, reader.reads, reader.writes, frozenset()
        ),
    )


def fields_of(parts: Parts) -> tuple[FieldFacts, ...]:
    """The facts about the fields that could be read."""
    return tuple(
        FieldFacts(item.model.name, item.model.merge, item.model.has_default or item.model.persist, position)
        for position, item in enumerate(parts.fields.items)
        if item.model is not None
    )


def _same(one: _Key, other: _Key) -> bool:
    return (
        one.edges is other.edges
        and one.nested == other.nested
        and one.nodes == other.nodes
        and one.fields == other.fields
        and all(_are(a, b) for a, b in zip(one.others, other.others, strict=True))
    )


def _are(some: tuple[Item[Any], ...], others: tuple[Item[Any], ...]) -> bool:
    return some is others or (len(some) == len(others) and all(a is b for a, b in zip(some, others, strict=True)))


class _Reader:
    """Collects the reads and writes of each vertex, including the nodes that run in it."""

    def __init__(self, parts: Parts, graph: Topology, nested: Mapping[str, Declarations]) -> None:
        self._parts = parts
        self._graph = graph
        self._nested = nested
        self.reads: dict[str, dict[str, Spot]] = {vertex.id: {} for vertex in graph.vertices}
        self.writes: dict[str, dict[str, Spot]] = {vertex.id: {} for vertex in graph.vertices}
        self.joins_any: set[str] = set()
        self.conditions: dict[int, Expression] = {}
        self.bounds: dict[int, frozenset[Path]] = {}

    def read(self) -> bool:
        """Reads all items; False if something is unknown, such as the writes of a nested experience."""
        for position, item in enumerate(self._parts.nodes.items):
            if item.flow is None or not self._node(position, item.flow):
                return False
        others: tuple[tuple[str, Section[Any]], ...] = (
            ("pipelines", self._parts.pipelines),
            ("loops", self._parts.loops),
        )
        for name, section in others:
            for position, other in enumerate(section.items):
                if other.id is not None:
                    if other.model is None:
                        return False
                    reads = other.flow.reads if other.flow is not None else other.fields
                    self._fields(other.id.text, name, position, reads)
        if not all(item.model for item in self._parts.edges.items):
            return False
        for arc in self._graph.arcs:
            self._edge(arc.edge, self._graph.vertices[arc.target].id)
        return True

    def _node(self, position: int, flow: Flow) -> bool:
        home = self._graph.home.get(flow.id)
        if home is None:
            return True
        vertex = self._graph.vertices[home].id
        reads, writes = flow.reads, flow.writes
        if flow.shares is not None:
            child = self._nested.get(flow.shares)
            if child is None:
                return False
            declared = child.fields.keys() & {item.id.text for item in self._parts.fields.items if item.id}
            reads, writes = reads | (child.reads & declared), writes | (child.writes & declared)
        self._fields(vertex, "nodes", position, sorted(reads))
        for field in sorted(writes):
            self.writes[vertex].setdefault(field, Spot("nodes", position, field, writes=True))
        if flow.joins_any and vertex == flow.id:
            self.joins_any.add(vertex)
        return True

    def _edge(self, position: int, target: str) -> None:
        item = self._parts.edges.items[position]
        if item.model is None or item.model.when is None or item.flow is None:
            return
        self.conditions[position] = item.model.when
        self.bounds[position] = item.flow.bounds
        self._fields(target, "edges", position, item.flow.reads)

    def _fields(self, vertex: str, section: str, position: int, fields: Iterable[str]) -> None:
        for field in fields:
            self.reads[vertex].setdefault(field, Spot(section, position, field))
