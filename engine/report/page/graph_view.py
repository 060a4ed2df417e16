"""One graph on the page: that of the experience, or that inside a box. Keeps where everything is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

from msgspec import Struct

from engine.cache.decisions.decision import Answer
from engine.experience.model import Edge
from engine.log.reading.view import NodeStatus
from engine.report.conditions import Conditions, LastCondition
from engine.report.drawing.box_states import MOST_CELLS, BoxState, box_state, executions_inside
from engine.report.drawing.diagram import Box, Line, Picture, inner_picture
from engine.report.drawing.graph_box import BoxPlan, ShownBox, box_element
from engine.report.drawing.graph_edge import ShownEdge, edge_element
from engine.report.drawing.layout import Layout
from engine.report.drawing.markup import Element
from engine.report.drawing.svg_graph import graph_layout, height_of, neighbours_of, svg_graph
from engine.report.executions import Execution

_MOST_CELLS_OF_ALL = 4_000
_FEWEST_CELLS = 20

Executions = Mapping[str, Sequence[Execution]]
"""The executions of boxes, by their ids."""


class Overlay(Struct, frozen=True):
    """What is drawn over the statuses: the plan of a resume by vertex, None without one, and the critical path with its
    `steps`; and the last values of conditions. `redacted` leaves values and errors out.
    """

    plan: Mapping[str, BoxPlan] | None = None
    critical: frozenset[str] = frozenset()
    steps: frozenset[tuple[str, str]] = frozenset()
    conditions: Conditions | None = None
    redacted: bool = False


class GraphView:
    """A picture with its layout. `prefix` is of the numbers of its boxes: `3-` inside box 3, empty for the outermost.

    `repeated`: it is inside what may run several times, so each box may have several executions.
    """

    def __init__(self, picture: Picture, prefix: str = "", *, repeated: bool = False) -> None:
        self.picture = picture
        self.prefix = prefix
        self.repeated = repeated
        self.layout: Layout = graph_layout(picture, repeated=repeated)
        self._neighbours = neighbours_of(picture)
        self._place = {box.id: place for place, box in enumerate(picture.boxes)}
        self._edges_at: dict[str, list[int]] = {}
        for place, line in enumerate(picture.lines):
            self._edges_at.setdefault(line.from_, []).append(place)
            self._edges_at.setdefault(line.to, []).append(place)
        with_condition = [line.to for line in picture.lines if line.label]
        self._shared = {id_ for id_ in with_condition if with_condition.count(id_) > 1}
        strips = sum(repeated or box.repeats is not None for box in picture.boxes)
        self._most_cells = min(MOST_CELLS, max(_FEWEST_CELLS, _MOST_CELLS_OF_ALL // max(strips, 1)))
        self._elsewhere = _elsewhere(picture, self.layout)

    def number(self, id_: str) -> str:
        """The number of a box, for ids: `3`, or `3-2` inside box 3."""
        return f"{self.prefix}{self._place[id_] + 1}"

    def svg(self, found: Executions, overlay: Overlay, anchors: Mapping[str, str]) -> Element:
        """The whole drawing; `anchors` are the ids of the details on the page, by vertex."""
        states = {box.id: box_state(box, found.get(box.id, ())) for box in self.picture.boxes}
        boxes = [self._box(box, states[box.id], overlay, anchors.get(box.id)) for box in self.picture.boxes]
        lines = self.picture.lines
        places = sorted(range(len(lines)), key=lambda place: lines[place].label is not None)  # labels are on top
        edges = [self._edge(place, found, overlay) for place in places]
        return svg_graph(self.picture, self.layout, boxes, edges)

    def changed(
        self, vertices: Set[str], found: Executions, overlay: Overlay, anchors: Mapping[str, str]
    ) -> Iterator[Element]:
        """The groups of these vertices, and of the edges at them."""
        known = [id_ for id_ in vertices if id_ in self._place]
        for id_ in sorted(known, key=self._place.__getitem__):
            box = self.picture.boxes[self._place[id_]]
            yield self._box(box, box_state(box, found.get(id_, ())), overlay, anchors.get(id_))
        for place in sorted({place for id_ in known for place in self._edges_at.get(id_, ())}):
            yield self._edge(place, found, overlay)

    def inner(self, box: Box, executions: Sequence[Execution], picture: Picture | None = None) -> GraphView | None:
        """The graph inside a box, if it has one; `picture` is drawn instead of what the experience says."""
        inside = picture or inner_picture(box)
        if inside is None:
            return None
        repeated = self.repeated or box.repeats is not None or len(executions) > 1
        return GraphView(inside, f"{self.number(box.id)}-", repeated=repeated)

    def _box(self, box: Box, state: BoxState, overlay: Overlay, anchor: str | None) -> Element:
        plan = overlay.plan.get(box.id, _NEW) if overlay.plan is not None else None
        shown = ShownBox(
            box,
            state,
            self.number(box.id),
            anchor,
            self._neighbours[box.id],
            plan,
            box.id in overlay.critical,
            self._most_cells,
            self._elsewhere.get(box.id),
            overlay.redacted,
        )
        return box_element(shown, self.layout.boxes[box.id], height_of(box, repeated=self.repeated))

    def _edge(self, place: int, found: Executions, overlay: Overlay) -> Element:
        line = self.picture.lines[place]
        shown = ShownEdge(
            line,
            f"{self.prefix}{place + 1}",
            _has_passed(found.get(line.from_, ()), found.get(line.to, ())),
            _condition(line, overlay),
            (line.from_, line.to) in overlay.steps,
            line.to in self._shared,
        )
        return edge_element(shown, self.layout.lines[line.from_, line.to])


def inside(box: Box, found: Executions) -> Executions:
    """The executions of the boxes inside a box."""
    return executions_inside(box, found.get(box.id, ()))


def _has_passed(sources: Sequence[Execution], targets: Sequence[Execution]) -> bool:
    """Whether anything passed along an edge."""
    return any(each.status in _DONE for each in sources) and any(each.status not in _IDLE for each in targets)


_DONE = (NodeStatus.COMPLETED, NodeStatus.CACHED)
_IDLE = (NodeStatus.PENDING, NodeStatus.SKIPPED)
_NEW = BoxPlan(Answer.WILL_RUN, ("new",))


def _condition(line: Line, overlay: Overlay) -> LastCondition | None:
    if overlay.conditions is None or line.label is None:
        return None
    edge = next((edge for edge in overlay.conditions.edges(line.to) if _is(edge, line)), None)
    found = overlay.conditions.of(edge) if edge is not None else LastCondition()
    return LastCondition(found.holds) if overlay.redacted else found


def _is(edge: Edge, line: Line) -> bool:
    return edge.from_ == line.from_ and edge.when_text == line.label


def _elsewhere(picture: Picture, layout: Layout) -> dict[str, str]:
    """The titles of the phases of boxes that are drawn in the band of another phase."""
    ids = dict(enumerate(picture.phases))
    if len(layout.lanes) < 2:
        return {}
    found = {}
    for box in picture.boxes:
        y = layout.boxes[box.id][1]
        lane = next((lane for lane in layout.lanes if lane.top <= y <= lane.bottom), None)
        if box.phase is not None and lane is not None and ids.get(int(lane.rank)) != box.phase:
            found[box.id] = picture.phases.get(box.phase, box.phase)
    return found
