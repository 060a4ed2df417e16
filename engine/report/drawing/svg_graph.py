"""The graph of a run as SVG: boxes with the colour of their status, linked to their details."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from engine.log.events.events import Counts
from engine.log.humanize import duration, shortened, shortened_name
from engine.log.reading.view import NodeStatus
from engine.report.drawing.diagram import Box, Line, Picture
from engine.report.drawing.layout import Size, layout
from engine.report.drawing.markup import Element, element
from engine.report.executions import Execution, History
from engine.report.status_signs import SIGNS

_LETTER = 8.6
_SMALL_LETTER = 6.4
_ASIDE = 44.0
_NARROWEST, _WIDEST = 150.0, 270.0
_HEIGHT = 46.0
_MARGIN = 6.0
_LONGEST_CONDITION = 40
MOST_BOXES = 1_000
"""Larger graphs are not drawn."""


def svg_graph(picture: Picture, run: History, anchors: Mapping[str, str]) -> Element:
    """The drawing; `anchors` are the ids of the details on the page, by vertex."""
    executions = {execution.node_id: execution for execution in run.executions}
    size = _size(picture, executions)
    plan = layout([box.id for box in picture.boxes], [(line.from_, line.to) for line in picture.lines], size)
    edges = [_edge(line, plan.lines[line.from_, line.to], executions) for line in picture.lines]
    boxes = [_box(box, executions.get(box.id), plan.boxes[box.id], size, anchors.get(box.id)) for box in picture.boxes]
    labels = [_condition(line, plan.lines[line.from_, line.to]) for line in picture.lines if line.label]
    width, height = plan.width + 2 * _MARGIN, plan.height + 2 * _MARGIN
    return element(
        "svg",
        element("g", *edges, *boxes, *labels, transform=f"translate({_MARGIN},{_MARGIN})"),
        class_="graph",
        viewBox=f"0 0 {width:.1f} {height:.1f}",
        width=width,
        height=height,
        role="group",
        aria_label=f"The graph of {picture.name}",
    )


def _size(picture: Picture, executions: Mapping[str, Execution]) -> Size:
    """Wide enough for most names and details, and for conditions side by side."""
    names = [len(box.id) * _LETTER for box in picture.boxes]
    details = [len(_details(box, executions.get(box.id))) * _SMALL_LETTER for box in picture.boxes]
    longest = max((*names, *details), default=0.0) + _ASIDE
    conditions = [min(len(line.label), _LONGEST_CONDITION) * _SMALL_LETTER for line in picture.lines if line.label]
    width = min(max(_NARROWEST, longest, *conditions), _WIDEST)
    return Size(width, _HEIGHT, gap=26, layer_gap=56 if conditions else 42)


def picture_of_log(name: str, run: History) -> Picture:
    """The graph as far as a log shows it: the vertices in order, and the edges that carried a value."""
    ids = [execution.node_id for execution in run.executions]
    position = {id_: place for place, id_ in enumerate(ids)}
    lines: dict[Line, None] = {}
    for execution in run.executions:
        parts = [part for inner in (execution, *execution.parts) for part in inner.input_parts]
        sources = [part.removeprefix("edges.") for part in parts if part.startswith("edges.")]
        if execution.cause is not None and execution.cause.edge is not None:
            sources.append(execution.cause.edge.from_)
        for source in sources:
            if position.get(source, len(ids)) < position[execution.node_id]:
                lines[Line(source, execution.node_id)] = None
    return Picture(name, tuple(Box(id_, "") for id_ in ids), tuple(lines))


def _box(box: Box, execution: Execution | None, centre: tuple[float, float], size: Size, anchor: str | None) -> Element:
    status = execution.status if execution is not None else NodeStatus.PENDING
    left, top = centre[0] - size.width / 2, centre[1] - size.height / 2
    room = size.width - _ASIDE
    details = _details(box, execution)
    return element(
        "a",
        element("title", f"{box.id}: {status.value}", *(f"\n{note}" for note in (*box.notes, details))),
        element("rect", x=left, y=top, width=size.width, height=size.height, rx=8, class_="card"),
        element("rect", x=left, y=top + 8, width=4, height=size.height - 16, rx=2, class_="stripe"),
        element("text", SIGNS[status][0], x=left + 16, y=top + 20, class_="sign"),
        element("text", shortened_name(box.id, int(room / _LETTER)), x=left + 34, y=top + 19, class_="name"),
        element("text", shortened(details, int(room / _SMALL_LETTER) + 1), x=left + 34, y=top + 36, class_="detail"),
        class_=f"box {status.value}",
        href=f"#{anchor}" if anchor else None,
    )


def _details(box: Box, execution: Execution | None) -> str:
    said = [" → ".join(part.id for part in box.parts) or box.kind]
    if execution is not None and execution.counts is not None:
        said.append(_signed(execution.counts))
    if execution is not None and execution.duration_ms is not None:
        said.append(duration(execution.duration_ms))
    return " · ".join(part for part in said if part)


def _signed(counts: Counts) -> str:
    """The outcomes of the parts, in short: `7✓ 1✗`."""
    numbers = {
        NodeStatus.CACHED: counts.cached,
        NodeStatus.COMPLETED: counts.completed,
        NodeStatus.FAILED: counts.failed,
        NodeStatus.SKIPPED: counts.skipped,
        NodeStatus.CANCELLED: counts.cancelled,
    }
    return " ".join(f"{number}{SIGNS[status][0]}" for status, number in numbers.items() if number) or "no items"


def _edge(line: Line, points: Sequence[tuple[float, float]], executions: Mapping[str, Execution]) -> Element:
    """A curve with vertical ends and an arrow; dim if nothing passed along it."""
    start = points[0]
    path = [f"M{start[0]:.1f},{start[1]:.1f}"]
    for (x1, y1), (x2, y2) in pairwise(points):
        middle = (y1 + y2) / 2
        path.append(f"C{x1:.1f},{middle:.1f} {x2:.1f},{middle:.1f} {x2:.1f},{y2:.1f}")
    x, y = points[-1]
    source, target = executions.get(line.from_), executions.get(line.to)
    went = source is not None and source.status in (NodeStatus.COMPLETED, NodeStatus.CACHED)
    came = target is not None and target.status not in (NodeStatus.SKIPPED, NodeStatus.PENDING)
    return element(
        "g",
        element("path", d=" ".join(path), fill="none"),
        element("path", d=f"M{x - 4:.1f},{y - 7:.1f}L{x:.1f},{y:.1f}L{x + 4:.1f},{y - 7:.1f}", fill="none"),
        class_="edge" if went and came else "edge idle",
    )


def _condition(line: Line, points: Sequence[tuple[float, float]]) -> Element:
    """The condition of an edge, just above its end."""
    (x1, _), (x2, y2) = points[-2], points[-1]
    text = shortened(line.label or "", _LONGEST_CONDITION)
    return element(
        "text",
        element("title", line.label),
        text,
        x=(x1 + 7 * x2) / 8,
        y=y2 - 16,
        class_="condition",
        text_anchor="middle",
    )
