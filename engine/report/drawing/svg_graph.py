"""The graph of a run as SVG: boxes with their statuses, edges, the data that flows, and the phases as bands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.report.drawing.diagram import Box, Picture
from engine.report.drawing.graph_box import HEIGHT, STRIP, WIDTH, Neighbours, has_strip
from engine.report.drawing.graph_edge import data_element
from engine.report.drawing.layout import Layout, Size, layout
from engine.report.drawing.markup import Element, element

MARGIN = 8.0
_DATA_MARGIN = 30.0
_LANE_MARGIN = 14.0
_LANE_TITLE = 30.0
_LANE_BELOW = 10.0
_LABEL = 30.0
MOST_BOXES = 1_000
"""Larger graphs are not drawn."""


def graph_layout(picture: Picture, *, repeated: bool = False) -> Layout:
    """Where everything is: by the structure alone, so that a run moves nothing.

    `repeated`: the picture is inside what may run several times, so all boxes have room for items.
    """
    ranks = _ranks(picture)
    size = Size(WIDTH, HEIGHT, gap=26, layer_gap=42, band_gap=_LANE_TITLE if ranks else 0.0, label_gap=_LABEL)
    taller = {box.id: HEIGHT + STRIP for box in picture.boxes if has_strip(box, repeated=repeated)}
    edges = [(line.from_, line.to) for line in picture.lines]
    labelled = {(line.from_, line.to) for line in picture.lines if line.label}
    return layout([box.id for box in picture.boxes], edges, size, taller, ranks, labelled)


def height_of(box: Box, *, repeated: bool) -> float:
    """The height of a box."""
    return HEIGHT + STRIP if has_strip(box, repeated=repeated) else HEIGHT


def neighbours_of(picture: Picture) -> dict[str, Neighbours]:
    """The boxes before and after each, along edges."""
    before: dict[str, dict[str, None]] = {box.id: {} for box in picture.boxes}
    after: dict[str, dict[str, None]] = {box.id: {} for box in picture.boxes}
    for line in picture.lines:
        before[line.to][line.from_] = None
        after[line.from_][line.to] = None
    return {id_: Neighbours(tuple(before[id_]), tuple(after[id_])) for id_ in before}


def svg_graph(picture: Picture, plan: Layout, boxes: Iterable[Element], edges: Iterable[Element]) -> Element:
    """The drawing of a picture, with the boxes and edges made for it."""
    left, right = _margins(picture)
    width, height = plan.width + left + right, plan.height + 2 * MARGIN + (_LANE_BELOW if _ranks(picture) else 0)
    flows = [data_element(line, plan.boxes[line.from_], plan.boxes[line.to]) for line in picture.data]
    return element(
        "svg",
        element(
            "g",
            element("g", *_lanes(picture, plan), class_="lanes"),
            element("g", *flows, class_="data") if flows else None,
            element("g", *edges, class_="edges"),
            element("g", *boxes, class_="boxes", role="list", aria_label=f"Nodes of {picture.name}"),
            transform=f"translate({left:g},{MARGIN:g})",
        ),
        class_="graph",
        viewBox=f"0 0 {width:.1f} {height:.1f}",
        width=width,
        height=height,
        role="group",
        aria_label=f"The graph of {picture.name}",
        data_edges=_numbered_edges(picture),
    )


def _margins(picture: Picture) -> tuple[float, float]:
    lane = _LANE_MARGIN if _ranks(picture) else 0.0
    return MARGIN + lane, MARGIN + lane + (_DATA_MARGIN if picture.data else 0.0)


def _ranks(picture: Picture) -> Mapping[str, int]:
    """The band of each box with a phase; none if there is only one phase."""
    rank = {id_: place for place, id_ in enumerate(picture.phases)}
    ranks = {box.id: rank[box.phase] for box in picture.boxes if box.phase in rank}
    return ranks if len(set(ranks.values())) > 1 else {}


def _lanes(picture: Picture, plan: Layout) -> Sequence[Element]:
    """A band for each phase, behind all else, with its title."""
    if not _ranks(picture):
        return ()
    titles = dict(enumerate(picture.phases.values()))
    extra = _DATA_MARGIN if picture.data else 0.0
    return [
        element(
            "g",
            element(
                "rect",
                x=-_LANE_MARGIN,
                y=lane.top,
                width=plan.width + 2 * _LANE_MARGIN + extra,
                height=lane.bottom - lane.top + _LANE_BELOW,
                rx=10,
            ),
            element("text", titles[int(lane.rank)], x=-_LANE_MARGIN + 12, y=lane.top + 17),
            class_="lane",
        )
        for lane in plan.lanes
        if lane.rank in titles  # nodes without a phase are between the bands
    ]


def _numbered_edges(picture: Picture) -> str:
    """The edges by the numbers of their boxes, for the keyboard: `1-2 1-3`."""
    number = {box.id: place for place, box in enumerate(picture.boxes, 1)}
    return " ".join(dict.fromkeys(f"{number[line.from_]}-{number[line.to]}" for line in picture.lines))
