"""The picture of an experience, independent of the output format: boxes, edges and phases."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from engine.experience.analyse import Analysis
from engine.experience.graph import Graph, build_graph
from engine.experience.graph.topology import Vertex, VertexKind
from engine.experience.load import Loaded
from engine.experience.model import Experience, Join, Node
from engine.experience.source.locate import as_json


class Box(Struct, frozen=True):
    """One vertex. `kind` is that of the node, or `pipeline` or `loop`, whose `parts` are the nodes inside.

    `notes` say how often and when it runs: `for each $.files`, `join: any`.
    """

    id: str
    kind: str
    notes: tuple[str, ...] = ()
    phase: str | None = None
    parts: tuple[Box, ...] = ()


class Line(Struct, frozen=True):
    """An edge; `label` is the text of its condition."""

    from_: str
    to: str
    label: str | None = None


class Picture(Struct, frozen=True):
    """`boxes` are in topological order; `phases` maps ids to titles, in drawing order.

    `waits` are the vertices that each vertex waits for, by edge or data; empty where that is not known.
    """

    name: str
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    phases: Mapping[str, str] = field(default_factory=dict)
    waits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def picture_of(experience: Experience, graph: Graph, phase_titles: Mapping[str, str] | None = None) -> Picture:
    """The picture of a valid experience. Phases without a title come last."""
    nodes = {node.id: node for node in experience.nodes}
    boxes = tuple(_box(experience, graph.vertices[id_], nodes) for id_ in graph.order)
    lines = tuple(Line(edge.from_, edge.to, edge.when_text) for id_ in graph.order for edge in graph.outgoing[id_])
    phases = dict(phase_titles or {})
    for node in experience.nodes:
        if node.phase is not None:
            phases.setdefault(node.phase, node.phase)
    return Picture(experience.name, boxes, lines, phases, graph.waits)


def picture_of_loaded(loaded: Loaded) -> Picture:
    """The picture of a loaded experience, with the titles of its phases."""
    return _picture(loaded.experience, loaded.analysis)


def picture_of_analysis(analysis: Analysis) -> Picture | None:
    """The same of an experience that was analysed; None if its text cannot be read as one."""
    return None if analysis.experience is None else _picture(analysis.experience, analysis)


def _picture(experience: Experience, analysis: Analysis) -> Picture:
    root = analysis.tree.root
    document = as_json(root.value) if root is not None else None
    phases = document.get("phases") if isinstance(document, dict) else None
    titles = {
        str(phase["id"]): str(phase.get("title") or phase["id"])
        for phase in (phases if isinstance(phases, list) else ())
        if isinstance(phase, dict) and "id" in phase
    }
    return picture_of(experience, build_graph(experience), titles)


def _box(experience: Experience, vertex: Vertex, nodes: Mapping[str, Node]) -> Box:
    if vertex.kind is VertexKind.NODE:
        return _node_box(nodes[vertex.id])
    parts = tuple(_node_box(nodes[id_]) for id_ in vertex.node_ids)
    phase = parts[0].phase if parts else None
    if vertex.kind is VertexKind.PIPELINE:
        pipeline = next(pipeline for pipeline in experience.pipelines if pipeline.id == vertex.id)
        return Box(vertex.id, vertex.kind.value, (f"for each {pipeline.items}",), phase, parts)
    loop = next(loop for loop in experience.loops if loop.id == vertex.id)
    until = (f"until {loop.until_text}",) if loop.until_text else ()
    most = (f"at most {loop.max_iters} times",) if loop.max_iters else ()
    return Box(vertex.id, vertex.kind.value, until + most, phase, parts)


def _node_box(node: Node) -> Box:
    notes = []
    if node.for_each is not None:
        notes.append(f"for each {node.for_each.source}")
    if node.join is Join.ANY:
        notes.append("join: any")
    return Box(node.id, node.kind.value, tuple(notes), node.phase)
