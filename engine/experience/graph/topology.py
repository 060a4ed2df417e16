"""The vertices of a graph and the arcs that join them, on plain ids, for both the checker and the runner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from msgspec import Struct

from engine.experience.graph.topological_order import shortest_cycles, topological_order


class VertexKind(str, Enum):
    """The kind of a vertex (docs/format.md, Pipelines and loops)."""

    NODE = "node"
    PIPELINE = "pipeline"
    LOOP = "loop"


class Vertex(Struct, frozen=True):
    """A vertex and the nodes that run in it: the node, the stages of a pipeline in order, or the body of a loop."""

    id: str
    kind: VertexKind
    node_ids: tuple[str, ...]


class Arc(Struct, frozen=True):
    """An edge between vertices: `source` and `target` are positions among the vertices, `edge` among the edges."""

    source: int
    target: int
    edge: int


class Topology(Struct, frozen=True):
    """Vertices in declared order: nodes, pipelines, loops. `home` is the vertex of each id that edges may refer to."""

    vertices: tuple[Vertex, ...]
    home: dict[str, int]
    arcs: tuple[Arc, ...]
    order: tuple[int, ...]
    """Positions in topological order, without those on or behind a cycle."""

    def cycles(self) -> list[list[int]]:
        """One cycle, as positions, for each strongly connected component; none if there is an order."""
        return [] if len(self.order) == len(self.vertices) else shortest_cycles(self.successors())

    def successors(self) -> list[list[int]]:
        """The targets of the arcs from each vertex."""
        return _successors(len(self.vertices), self.arcs)

    def predecessors(self) -> dict[str, tuple[str, ...]]:
        """The ids of the sources of the arcs to each vertex, each once, by id."""
        ids = [vertex.id for vertex in self.vertices]
        sources: list[list[str]] = [[] for _ in ids]
        for arc in self.arcs:
            sources[arc.target].append(ids[arc.source])
        return {id_: tuple(dict.fromkeys(of_one)) for id_, of_one in zip(ids, sources, strict=True)}


def topology(
    node_ids: Iterable[str],
    edges: Iterable[tuple[str, str]],
    pipelines: Sequence[tuple[str, tuple[str, ...]]] = (),
    loops: Sequence[tuple[str, str]] = (),
) -> Topology:
    """Builds the topology of node ids, edges (from, to), pipelines (id, stages) and loops (id, body).

    An edge from or to a stage or body applies to its pipeline or loop (docs/format.md, Pipelines and loops); one
    between two parts of the same pipeline has no effect. Edges to unknown ids and repeated ids are left out: the
    checker reports them.
    """
    ids = dict.fromkeys(node_ids)
    owned = {stage for _, stages in pipelines for stage in stages} | {body for _, body in loops}
    vertices = [Vertex(id_, VertexKind.NODE, (id_,)) for id_ in ids if id_ not in owned]
    vertices += [
        Vertex(id_, VertexKind.PIPELINE, tuple(stage for stage in stages if stage in ids)) for id_, stages in pipelines
    ]
    vertices += [Vertex(id_, VertexKind.LOOP, (body,) if body in ids else ()) for id_, body in loops]
    vertices = list({vertex.id: vertex for vertex in reversed(vertices)}.values())[::-1]
    home = {vertex.id: position for position, vertex in enumerate(vertices)}
    for position, vertex in enumerate(vertices):
        for node_id in vertex.node_ids:
            home.setdefault(node_id, position)
    arcs = tuple(_arcs(edges, home))
    return Topology(tuple(vertices), home, arcs, tuple(topological_order(_successors(len(vertices), arcs))))


def _successors(count: int, arcs: Iterable[Arc]) -> list[list[int]]:
    successors: list[list[int]] = [[] for _ in range(count)]
    for arc in arcs:
        successors[arc.source].append(arc.target)
    return successors


def _arcs(edges: Iterable[tuple[str, str]], home: dict[str, int]) -> Iterable[Arc]:
    for position, (from_, to) in enumerate(edges):
        source, target = home.get(from_), home.get(to)
        if source is None or target is None or (source == target and from_ != to):
            continue
        yield Arc(source, target, position)
