"""One row of a timeline: a vertex with its bar, which opens to what it waited for and to the executions inside it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from engine.log.humanize import shortened_name
from engine.report.drawing.markup import Element, element
from engine.report.drawing.timeline_bars import ROW_HEIGHT, execution_bar, plain_bar, time_svg, wait_line
from engine.report.drawing.timeline_parts import draw_parts, height_of
from engine.report.drawing.timeline_words import sentences, took
from engine.report.executions import Execution, in_order, place_of
from engine.report.timing.timing import PartsTiming, Timing
from engine.report.timing.waits import Wait, wait_inside

_MOST_ROWS = 40
_LONGEST_NAME = 32


class Vertex(Struct, frozen=True):
    """A vertex on a timeline of a run that went on until `now`; `number` is its place in topological order, from 1.

    `waits_for` are the ids of predecessors that have not ended. `is_brief` leaves out what the list of nodes says, too,
    for a run of many vertices.
    """

    execution: Execution
    number: int
    now: float
    parts: PartsTiming | None = None
    wait: Wait | None = None
    waits_for: tuple[str, ...] = ()
    is_brief: bool = False


def timeline_row(vertex: Vertex, timing: Timing) -> Element:
    """The row; its id is `timeline-row-<number>`."""
    execution = vertex.execution
    is_brief = vertex.is_brief and vertex.parts is None
    drawing = _untitled(_drawing(vertex)) if is_brief else _drawing(vertex)
    return element(
        "details",
        element("summary", *_cells(execution, drawing, _count(vertex.parts))),
        *(_brief(vertex) if is_brief else [element("div", *_inside(vertex, timing), class_="timeline-inside")]),
        id=f"timeline-row-{vertex.number}",
        class_=f"timeline-row {execution.status.value}",
        data_node=execution.node_id,
    )


def _cells(execution: Execution, drawing: Element, count: str = "") -> Iterator[Element]:
    """The name, before which styles put the sign of the status, the drawing, and how long it took."""
    name = element("b", shortened_name(execution.label, _LONGEST_NAME))
    yield element("span", name, element("small", count) if count else None, class_="timeline-name")
    yield drawing
    yield element("span", took(execution), class_="timeline-took")


def _count(parts: PartsTiming | None) -> str:
    return f" \u00d7 {parts.count:,}" if parts is not None and parts.count > 1 else ""


def _drawing(vertex: Vertex) -> Element:
    execution, parts = vertex.execution, vertex.parts
    height = height_of(parts) if parts is not None else ROW_HEIGHT
    drawn: list[Element] = [wait_line(vertex.wait, height / 2)] if vertex.wait is not None else []
    if parts is not None:
        drawn += draw_parts(execution, parts, vertex.now)
    else:
        drawn += execution_bar(execution, 6, height - 12)
    return time_svg(vertex.now, height, drawn)


def _untitled(drawing: Element) -> Element:
    """The drawing without tooltips."""
    for shape in drawing:
        for title in shape.findall("title"):
            shape.remove(title)
    return drawing


def _brief(vertex: Vertex) -> Iterator[Element]:
    wait = vertex.wait
    if wait is not None and (wait.started_ms or vertex.now) - wait.ready_ms >= vertex.now / 50:
        yield element("p", wait.text, class_="timeline-words")
    yield element("a", "Details", href=f"#node-{vertex.number}")


def _inside(vertex: Vertex, timing: Timing) -> Iterator[Element]:
    execution = vertex.execution
    said = sentences(execution, vertex.wait, vertex.waits_for)
    yield element("ul", *(element("li", sentence) for sentence in said))
    if vertex.parts is not None:
        yield from _part_rows(vertex, vertex.parts, timing)
    yield element("a", f"Inputs, output and attempts of {execution.label}", href=f"#node-{vertex.number}")


def _part_rows(vertex: Vertex, parts: PartsTiming, timing: Timing) -> Iterator[Element]:
    """The executions inside: all, or those that failed and those that took longest."""
    if parts.count <= _MOST_ROWS:
        shown = list(in_order(vertex.execution.parts_in_order))[: 2 * _MOST_ROWS]
    else:
        longest = [part for _, _, part in sorted(parts.longest, key=lambda entry: -entry[0])]
        chosen = {part.place: part for part in (*parts.failed, *longest)}
        shown = sorted(list(chosen.values())[:_MOST_ROWS], key=_position)
        note = f"{len(shown)} of {parts.count:,} parts: the first that failed, and those that took longest"
        yield element("p", note, class_="note")
    groups = {each.place: each for each in (vertex.execution, *shown)}
    for part in shown:
        group = groups.get(place_of(part.scope[:-1], part.scope[-1].id))
        kind = timing.kind(part)
        wait = wait_inside(part, group, parts.load, timing.loads, kind) if group is not None else None
        yield _part_row(part, wait, vertex)


def _part_row(part: Execution, wait: Wait | None, vertex: Vertex) -> Element:
    drawn = [wait_line(wait, ROW_HEIGHT / 2)] if wait is not None else []
    drawn += [plain_bar(part, 6, 12, "bar faint")] if part.parts and part.started_ms is not None else []
    drawn += execution_bar(part, 7, 10) if not part.parts else []
    words = [*sentences(part, wait if wait is not None and wait.is_notable else None)][1:]
    return element(
        "div",
        *_cells(part, time_svg(vertex.now, ROW_HEIGHT, drawn)),
        element("p", "; ".join(words), class_="timeline-words") if words else None,
        class_=f"timeline-part depth-{min(len(part.scope), 4)} {part.status.value}",
    )


def _position(part: Execution) -> tuple[int, float]:
    item = part.scope[-1].item
    return (item.index if item is not None else 0), part.started_ms or 0.0
