"""Which vertices a graph has and which arcs join them, on plain ids, for the checker and the runner alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from msgspec import Struct

from engine.experience.graph.topological_order import shortest_cycles, topological_order


class VertexKind(str, Enum):
    """What a vertex stands for (docs/format.md, Pipelines and loops)."""

    NODE = "node"
    PIPELINE = "pipeline"
    LOOP = "loop"


class Vertex(Struct, frozen=True):
    """A vertex and the nodes that run in it: itself, a pipeline's stages in order, or a loop's body."""

    id: str
    kind: VertexKind
    node_ids: tuple[str, ...]


class Arc(Struct, frozen=True):
    """`source` comes before `target` because of `edge`: positions among the vertices, and among the edges."""

    source: int
    target: int
    edge: int


class Topology(Struct, frozen=True):
    """Vertices as declared: nodes, pipelines, loops. `home` gives the vertex of every id an edge may name."""

    vertices: tuple[Vertex, ...]
    home: dict[str, int]
    arcs: tuple[Arc, ...]
    order: tuple[int, ...]
    """Positions in topological order; those on or behind a cycle are left out."""

    def cycles(self) -> list[list[int]]:
        """One cycle, as positions without a repeated last one, for each knot; none when there is an order."""
        return [] if len(self.order) == len(self.vertices) else shortest_cycles(self.successors())

    def successors(self) -> list[list[int]]:
        """For every vertex, those that an arc leads to."""
        return _successors(len(self.vertices), self.arcs)

    def predecessors(self) -> dict[str, tuple[str, ...]]:
        """For every vertex, the ids of those from which an arc leads to it, each once."""
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
    """Build the topology of node ids, edges (from, to), pipelines (id, stages) and loops (id, body).

    An edge from or to a stage or a body means its pipeline or loop (docs/format.md, Pipelines and loops); one
    between two parts of the same pipeline says nothing that the pipeline does not. Edges that name an unknown
    id, and an id's later uses, are left out: the checker reports them.
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
