"""The graph of a valid experience, as the runner needs it: order, edges and waits."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from engine.experience.graph.reads import Read, ReadBy, expression_reads, fields_in, node_reads
from engine.experience.graph.topology import Topology, Vertex, topology
from engine.experience.graph.waits import VertexSet, Waiting, waiting
from engine.experience.model import Edge, Experience, Merge, Node


class CycleError(ValueError):
    """The edges form a cycle. `path` are its ids, the first one again at the end."""

    def __init__(self, path: tuple[str, ...]) -> None:
        super().__init__(f"the graph has a cycle: {' → '.join(path)}")
        self.path = path


class Graph(Struct, frozen=True):
    """The vertices of an experience, their edges and waits.

    `order` is the topological order. `vertices`, `incoming` and `outgoing` are by id, in that order. Edges join
    vertices: the end of an edge that refers to a stage is its pipeline here.
    """

    order: tuple[str, ...]
    vertices: Mapping[str, Vertex]
    incoming: Mapping[str, tuple[Edge, ...]]
    outgoing: Mapping[str, tuple[Edge, ...]]
    _position: Mapping[str, int]
    _reads: Mapping[str, tuple[Read, ...]]
    _waiting: Waiting
    _writers_at: Mapping[str, tuple[int, ...]]

    @property
    def waits(self) -> Mapping[str, tuple[str, ...]]:
        """By id: its predecessors and the writers that it waits for because of data, in topological order."""
        return self._waiting.waits

    def position(self, id_: str) -> int:
        """The position of a vertex in the topological order, from 0. Raises KeyError for any other id."""
        return self._position[id_]

    def ancestors(self, id_: str) -> VertexSet:
        """All vertices that this one waits for, transitively: its state is folded from their outputs."""
        return VertexSet(self._waiting.ancestors[id_], self.order, self._position)

    def edge_ancestors(self, id_: str) -> VertexSet:
        """All vertices from which edges lead to this one, transitively."""
        return VertexSet(self._waiting.edge_ancestors[id_], self.order, self._position)

    def writers(self, field: str) -> tuple[str, ...]:
        """The vertices that declare writes to `field`, in topological order."""
        return self._waiting.writers.get(field, ())

    def writers_before(self, id_: str, field: str) -> int:
        """The number of `writers(field)` before a vertex in the order."""
        return bisect_left(self._writers_at.get(field, ()), self._position[id_])

    def reads_of(self, id_: str) -> tuple[Read, ...]:
        """The fields that the vertex reads: one entry for each way in which it reads a field."""
        return self._reads[id_]


def build_graph(experience: Experience) -> Graph:
    """Builds the graph of an experience. Raises CycleError.

    Edges to unknown ids are left out: the checker reports them, and an editor can draw the rest.
    """
    shape = topology(
        (node.id for node in experience.nodes),
        ((edge.from_, edge.to) for edge in experience.edges),
        [(pipeline.id, pipeline.stages) for pipeline in experience.pipelines],
        [(loop.id, loop.body) for loop in experience.loops],
    )
    order = shape.order
    if len(order) < len(shape.vertices):
        cycle = [shape.vertices[position].id for position in shape.cycles()[0]]
        raise CycleError((*cycle, cycle[0]))
    vertices = {shape.vertices[position].id: shape.vertices[position] for position in order}
    incoming, outgoing = _edges(experience, shape, vertices)
    nodes = {node.id: node for node in reversed(experience.nodes)}
    reads = _reads(experience, vertices, nodes, incoming)
    position = {id_: place for place, id_ in enumerate(vertices)}
    waits = waiting(
        {id_: tuple(dict.fromkeys(edge.from_ for edge in edges)) for id_, edges in incoming.items()},
        {id_: {read.field for read in of_vertex} for id_, of_vertex in reads.items()},
        {id_: _writes(vertex, nodes) for id_, vertex in vertices.items()},
        {field.name for field in experience.fields if field.merge is Merge.SET_ONCE},
    )
    return Graph(
        order=tuple(vertices),
        vertices=vertices,
        incoming=incoming,
        outgoing=outgoing,
        _position=position,
        _reads=reads,
        _waiting=waits,
        _writers_at={field: tuple(position[id_] for id_ in writers) for field, writers in waits.writers.items()},
    )


_EdgesById = dict[str, tuple[Edge, ...]]


def _edges(experience: Experience, shape: Topology, vertices: Mapping[str, Vertex]) -> tuple[_EdgesById, _EdgesById]:
    incoming: dict[str, list[Edge]] = {id_: [] for id_ in vertices}
    outgoing: dict[str, list[Edge]] = {id_: [] for id_ in vertices}
    for arc in shape.arcs:
        edge = experience.edges[arc.edge]
        from_, to = shape.vertices[arc.source].id, shape.vertices[arc.target].id
        if (from_, to) != (edge.from_, edge.to):
            edge = replace(edge, from_=from_, to=to)
        incoming[to].append(edge)
        outgoing[from_].append(edge)
    return _frozen(incoming), _frozen(outgoing)


def _frozen(edges: dict[str, list[Edge]]) -> _EdgesById:
    return {id_: tuple(of_vertex) for id_, of_vertex in edges.items()}


def _writes(vertex: Vertex, nodes: Mapping[str, Node]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(field for id_ in vertex.node_ids for field in nodes[id_].writes))


def _reads(
    experience: Experience, vertices: Mapping[str, Vertex], nodes: Mapping[str, Node], incoming: _EdgesById
) -> dict[str, tuple[Read, ...]]:
    reads = {
        id_: [read for node_id in vertex.node_ids for read in node_reads(nodes[node_id])]
        for id_, vertex in vertices.items()
    }
    for pipeline in experience.pipelines:
        reads[pipeline.id].extend(Read(field, ReadBy.ITEMS) for field in fields_in(pipeline.items))
    for loop in experience.loops:
        reads[loop.id].extend(expression_reads(loop.until, ReadBy.UNTIL))
    for id_, edges in incoming.items():
        for edge in edges:
            reads[id_].extend(expression_reads(edge.when, ReadBy.WHEN, edge))
    return {id_: tuple(dict.fromkeys(of_vertex)) for id_, of_vertex in reads.items()}
