"""The picture of an experience, independent of the output format: boxes, edges, data and phases."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from engine.experience.analyse import Analysis, NestedAnalysis
from engine.experience.files.port import NO_FILES, Files
from engine.experience.graph import CycleError, Graph, build_graph
from engine.experience.graph.topology import Vertex, VertexKind
from engine.experience.load import Loaded
from engine.experience.model import Experience, ExperienceSpec, Join, Node
from engine.experience.nested.nested_files import MAX_DEPTH, nested_path
from engine.experience.source.locate import as_json

MOST_DATA_LINES = 1_000
"""A picture has no more of them; the others are left out."""


class Box(Struct, frozen=True):
    """One vertex. `kind` is that of the node, or `pipeline` or `loop`, whose `parts` are the nodes inside.

    `notes` say how often and when it runs: `for each $.files`, `join: any`. `repeats` is the word for one of its
    executions, if it may have several: item or iteration. `inner` is the nested experience, if it can be drawn.
    """

    id: str
    kind: str
    notes: tuple[str, ...] = ()
    phase: str | None = None
    parts: tuple[Box, ...] = ()
    repeats: str | None = None
    inner: Picture | None = None


class Line(Struct, frozen=True):
    """An edge; `label` is the text of its condition."""

    from_: str
    to: str
    label: str | None = None


class DataLine(Struct, frozen=True):
    """`to` reads `fields` of the state that `from_` may have written."""

    from_: str
    to: str
    fields: tuple[str, ...]


class Picture(Struct, frozen=True):
    """`boxes` are in topological order; `phases` maps ids to titles, in drawing order.

    `waits` are the vertices that each vertex waits for, by edge or data; empty where that is not known.
    `experience` is what is drawn, None if that is not known, such as from a log alone.
    """

    name: str
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    phases: Mapping[str, str] = field(default_factory=dict)
    waits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    data: tuple[DataLine, ...] = ()
    experience: Experience | None = None


def picture_of(
    experience: Experience,
    graph: Graph,
    phase_titles: Mapping[str, str] | None = None,
    inner: Mapping[str, Picture] | None = None,
) -> Picture:
    """The picture of a valid experience. Phases without a title come last. `inner` are nested ones, by node."""
    nodes = {node.id: node for node in experience.nodes}
    boxes = tuple(_box(experience, graph.vertices[id_], nodes, inner or {}) for id_ in graph.order)
    lines = tuple(Line(edge.from_, edge.to, edge.when_text) for id_ in graph.order for edge in graph.outgoing[id_])
    phases = dict(phase_titles or {})
    named = [node.phase for node in experience.nodes]
    named += [each.phase for each in experience.pipelines] + [each.phase for each in experience.loops]
    for phase in named:
        if phase is not None:
            phases.setdefault(phase, phase)
    return Picture(experience.name, boxes, lines, phases, graph.waits, tuple(_data_lines(graph)), experience)


def picture_of_loaded(loaded: Loaded) -> Picture:
    """The picture of a loaded experience, with the titles of its phases."""
    return _picture(loaded.analysis, loaded.experience, loaded.files, loaded.analysis.nested, ("",))


def picture_of_analysis(analysis: Analysis, files: Files = NO_FILES) -> Picture | None:
    """The picture of an analysed text, with its nested experiences as far as `files` has them.

    None if the text cannot be drawn: it is not a mapping, has errors, or its edges form a cycle.
    """
    if analysis.experience is None:
        return None
    try:
        return _picture(analysis, analysis.experience, files, analysis.nested, ("",))
    except CycleError:
        return None


def inner_picture(box: Box) -> Picture | None:
    """The graph inside a box: of a nested experience, of the stages of a pipeline, or of the body of a loop."""
    if not box.parts:
        return box.inner
    stages = tuple(Line(one.id, other.id) for one, other in zip(box.parts, box.parts[1:], strict=False))
    return Picture(box.id, box.parts, stages)


def _picture(
    analysis: Analysis,
    experience: Experience,
    files: Files,
    nested: Mapping[str, NestedAnalysis],
    folders: tuple[str, ...],
) -> Picture:
    """The picture of an experience; `folders` lead to it from the outermost one, which sees `files` and `nested`."""
    inner = {}
    for node in experience.nodes:
        found = _nested(node, files, nested, folders)
        if found is not None:
            inner[node.id] = found
    return picture_of(experience, build_graph(experience), _phase_titles(analysis), inner)


def _nested(node: Node, files: Files, nested: Mapping[str, NestedAnalysis], folders: tuple[str, ...]) -> Picture | None:
    if not isinstance(node.spec, ExperienceSpec) or len(folders) > MAX_DEPTH:
        return None
    path = nested_path(node.spec.impl, folders[-1], files)
    found = nested.get(path)
    if found is None or found.analysis.experience is None:
        return None
    try:
        below = (*folders, posixpath.dirname(path))
        return _picture(found.analysis, found.analysis.experience, files, nested, below)
    except CycleError:
        return None


def _phase_titles(analysis: Analysis) -> dict[str, str]:
    root = analysis.tree.root
    document = as_json(root.value) if root is not None else None
    phases = document.get("phases") if isinstance(document, dict) else None
    return {
        str(phase["id"]): str(phase.get("title") or phase["id"])
        for phase in (phases if isinstance(phases, list) else ())
        if isinstance(phase, dict) and "id" in phase
    }


def _data_lines(graph: Graph) -> Iterator[DataLine]:
    """From each vertex to those that read what it writes: it must have waited for the writer."""
    left = MOST_DATA_LINES
    for reader in graph.order:
        before = graph.ancestors(reader)
        fields: dict[str, list[str]] = {}
        for name in dict.fromkeys(read.field for read in graph.reads_of(reader)):
            for writer in graph.writers(name):
                if writer != reader and writer in before:
                    fields.setdefault(writer, []).append(name)
        for writer in sorted(fields, key=graph.position):
            if left == 0:
                return
            left -= 1
            yield DataLine(writer, reader, tuple(fields[writer]))


def _box(experience: Experience, vertex: Vertex, nodes: Mapping[str, Node], inner: Mapping[str, Picture]) -> Box:
    if vertex.kind is VertexKind.NODE:
        return _node_box(nodes[vertex.id], inner)
    parts = tuple(_node_box(nodes[id_], inner) for id_ in vertex.node_ids)
    phase = parts[0].phase if parts else None
    if vertex.kind is VertexKind.PIPELINE:
        pipeline = next(pipeline for pipeline in experience.pipelines if pipeline.id == vertex.id)
        items = (f"for each {pipeline.items}",)
        return Box(vertex.id, vertex.kind.value, items, pipeline.phase or phase, parts, "item")
    loop = next(loop for loop in experience.loops if loop.id == vertex.id)
    until = (f"until {loop.until_text}",) if loop.until_text else ()
    most = (f"at most {loop.max_iters} times",) if loop.max_iters else ()
    return Box(vertex.id, vertex.kind.value, until + most, loop.phase or phase, parts, "iteration")


def _node_box(node: Node, inner: Mapping[str, Picture]) -> Box:
    notes = []
    if node.for_each is not None:
        notes.append(f"for each {node.for_each.source}")
    if node.join is Join.ANY:
        notes.append("join: any")
    repeats = "item" if node.for_each is not None else None
    return Box(node.id, node.kind.value, tuple(notes), node.phase, (), repeats, inner.get(node.id))
