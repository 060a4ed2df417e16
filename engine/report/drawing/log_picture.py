"""The picture of a graph as far as a log shows it, where its experience is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.log.events.events import ScopeKind
from engine.report.drawing.diagram import Box, DataLine, Line, Picture
from engine.report.executions import Execution, History, in_order

_READS = "reads."


def picture_of_log(name: str, run: History) -> Picture:
    """The vertices in topological order, the edges that carried a value or decided, and the data that was read."""
    ids = [execution.node_id for execution in run.executions]
    position = {id_: place for place, id_ in enumerate(ids)}
    lines: dict[Line, None] = {}
    data: dict[tuple[str, str], list[str]] = {}
    writers: dict[str, str] = {}
    for execution in run.executions:
        own = execution.node_id
        inside = list(in_order([execution]))
        parts = dict.fromkeys(part for inner in inside for part in inner.input_parts)
        for source in _sources(execution, inside):
            if position.get(source, len(ids)) < position[own]:
                lines[Line(source, own)] = None
        for part in parts:
            if part.startswith(_READS) and (writer := writers.get(part.removeprefix(_READS))) is not None:
                data.setdefault((writer, own), []).append(part.removeprefix(_READS))
        for inner in inside:
            writers.update(dict.fromkeys(inner.output.state_delta if inner.output is not None else (), own))
    boxes = tuple(box_of_log(id_, [execution]) for id_, execution in zip(ids, run.executions, strict=True))
    flows = tuple(DataLine(from_, to, tuple(fields)) for (from_, to), fields in data.items())
    return Picture(name, boxes, tuple(lines), data=flows)


def box_of_log(id_: str, executions: Sequence[Execution]) -> Box:
    """The box of a node with these executions. Its kind is only known if it has parts."""
    parts = [part for execution in executions for part in execution.parts]
    kinds = {part.scope[-1].kind for part in parts}
    if ScopeKind.PIPELINE in kinds:
        return Box(id_, "pipeline", parts=_boxes(parts), repeats="item")
    if ScopeKind.LOOP in kinds:
        return Box(id_, "loop", parts=_boxes(parts), repeats="iteration")
    if ScopeKind.FANOUT in kinds:
        return Box(id_, "", repeats="item", inner=_inner(id_, [inner for part in parts for inner in part.parts]))
    return Box(id_, "experience" if parts else "", inner=_inner(id_, parts))


def _inner(id_: str, parts: Sequence[Execution]) -> Picture | None:
    """What is inside a node that nests an experience, without its edges."""
    return Picture(id_, _boxes(parts), ()) if parts else None


def _boxes(parts: Sequence[Execution]) -> tuple[Box, ...]:
    by_node: dict[str, list[Execution]] = {}
    for part in parts:
        by_node.setdefault(part.node_id, []).append(part)
    return tuple(box_of_log(id_, executions) for id_, executions in by_node.items())


def _sources(execution: Execution, inside: Sequence[Execution]) -> Mapping[str, None]:
    """The vertices from which an edge leads to this one, as far as its log says so."""
    own = [inner for inner in inside if not inner.scope or len(inner.scope) == 1]
    names = [part.removeprefix("edges.") for inner in own for part in inner.input_parts if part.startswith("edges.")]
    cause = execution.cause
    if cause is not None and cause.edge is not None:
        names.append(cause.edge.from_)
    return dict.fromkeys(names)
