"""The section with the details of all nodes: each unfolds, and so do its parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set

from engine.json_types import Json
from engine.log.reading.view import NodeStatus
from engine.report.drawing.diagram import Box
from engine.report.drawing.markup import Element, element
from engine.report.executions import Execution, Place, place_of
from engine.report.page.node_details import FactsOf, facts, summary_line
from engine.report.page.parts import MOST_PARTS, ShownParts, chosen, most_inside
from engine.report.page.rows import ExecutionRows, RowTable
from engine.report.page.section import RunOnPage
from engine.report.page.texts import SHARED_FROM, SHARED_FROM_IF_BRIEF, ValueTexts, fitting_limit
from engine.report.status_signs import SIGNS

_MOST_TEXT = 500_000
"""So many characters of values are on a page; longer ones are cut so that it suffices."""

_MOST_PARTS_OF_ALL = 2_000
"""So many parts of all nodes are on a page, if each node has at most a fair share."""

_FEWEST_PARTS = 10
_FEWEST_CELLS = 4


class NodesSection:
    """The details of all nodes."""

    def __init__(self, run: RunOnPage, written: Iterable[Json]) -> None:
        """`written` are values in the experience, such as args of nodes."""
        self._run = run
        self._rows = ExecutionRows(ValueTexts(run.values, run.read, redacted=run.redacted), run.history, list(written))
        self._table = RowTable(0)
        self._parts: dict[str, ShownParts] = {}
        self._boxes: Mapping[str, Box] = {}
        self._shown = 0

    def whole(self) -> Element:
        """All of it."""
        executions = self._run.history.executions
        self._shown = len(executions)
        self._boxes = {box.id: box for box in self._run.picture.boxes}
        most = self._most_parts()
        self._parts = {each.node_id: ShownParts(each, most) for each in executions if each.parts}
        shared_from = SHARED_FROM_IF_BRIEF if self._run.is_brief else SHARED_FROM
        self._table = RowTable(fitting_limit(self._lengths(), _MOST_TEXT), shared_from)
        return element("section", *map(self._vertex, executions), id="nodes", aria_label="Nodes")

    def changed(self, vertices: Set[str]) -> Iterator[Element]:
        """What changed of the vertices: all of a small one, of others their line, their facts and the parts."""
        if len(self._run.history.executions) != self._shown:
            yield self.whole()
            return
        touched = list(self._run.touched.values())
        for vertex in sorted(vertices, key=self._run.number):
            execution = self._run.history.by_place[place_of((), vertex)]
            known = self._parts.get(vertex)
            if known is None or not known.places:
                self._parts[vertex] = ShownParts(execution, MOST_PARTS)
                yield self._vertex(execution)
                continue
            id_ = self._id(execution)
            yield self._line(execution, f"{id_}-head")
            yield self._facts(execution)
            yield from self._changed_parts(execution, known, [each for each in touched if each.scope])

    def _changed_parts(self, whole: Execution, known: ShownParts, touched: list[Execution]) -> Iterator[Element]:
        changed: dict[Place, Execution] = {}
        for each in touched:
            if each.scope[0].id == whole.node_id:
                part = self._run.history.part_of(each)
                changed[part.place] = part
        for part in changed.values():
            number = known.place_of(part)
            if number is not None:
                yield self._cell(part, f"{self._id(whole)}-cell-{number}", f"{self._id(whole)}-part-{number}")
                yield self._part(part, f"{self._id(whole)}-part-{number}")
        yield self._count(whole, known)

    def _most_parts(self) -> int:
        """How many parts each node may show."""
        counts = [len(each.parts) for each in self._run.history.executions]
        if sum(min(count, MOST_PARTS) for count in counts) <= _MOST_PARTS_OF_ALL:
            return MOST_PARTS
        return max(_FEWEST_PARTS, fitting_limit(counts, _MOST_PARTS_OF_ALL))

    def _lengths(self) -> Iterator[int]:
        for vertex in self._run.history.executions:
            known = self._parts.get(vertex.node_id)
            for execution in (vertex, *(known.places if known is not None else ())):
                for row in (*self._rows.inputs(execution), *self._rows.outputs(execution)):
                    yield row.text.length if row.text is not None else 0

    def _id(self, vertex: Execution) -> str:
        return f"node-{self._run.number(vertex.node_id)}"

    def _vertex(self, execution: Execution) -> Element:
        id_, known = self._id(execution), self._parts.get(execution.node_id)
        has_parts = known is not None and known.places
        return element(
            "details",
            self._line(execution, f"{id_}-head" if has_parts else None),
            element("div", self._facts(execution), *self._all_parts(execution, known, id_), class_="inside")
            if known is not None and has_parts
            else element("div", *self._fact_elements(execution), class_="inside facts"),
            class_="node",
            id=id_,
            data_node=execution.node_id,
            open="open" if execution.status is NodeStatus.FAILED else None,
        )

    def _line(self, vertex: Execution, id_: str | None) -> Element:
        box, view = self._boxes.get(vertex.node_id), self._run.view.nodes.get(vertex.node_id)
        return summary_line(vertex, self._rows, box, view, id_)

    def _facts(self, vertex: Execution) -> Element:
        return element("div", *self._fact_elements(vertex), class_="facts", id=f"{self._id(vertex)}-facts")

    def _fact_elements(self, vertex: Execution) -> Iterator[Element]:
        box = self._boxes.get(vertex.node_id)
        phase = None if box is None or box.phase is None else self._run.picture.phases.get(box.phase, box.phase)
        view = self._run.view.nodes.get(vertex.node_id)
        spent = view.spent if view is not None and vertex.metrics is None else None
        is_brief = self._run.is_brief and vertex.status is not NodeStatus.FAILED
        return facts(vertex, self._rows, self._table, FactsOf(box, phase, self._id(vertex), is_brief, spent))

    def _all_parts(self, whole: Execution, known: ShownParts, id_: str) -> Iterator[Element]:
        """The parts as a strip of cells and as a list, with empty places where more parts will come."""
        places = range(known.most if self._run.alive and whole.status is NodeStatus.RUNNING else len(known.places))
        parts = [known.places[number] if number < len(known.places) else None for number in places]
        yield self._count(whole, known)
        if len(places) >= _FEWEST_CELLS:
            cells = (self._cell(part, f"{id_}-cell-{at}", f"{id_}-part-{at}") for at, part in enumerate(parts))
            yield element("p", *cells, class_="cells")
        for at, part in enumerate(parts):
            yield self._part(part, f"{id_}-part-{at}")

    def _count(self, whole: Execution, known: ShownParts) -> Element:
        missing = len(whole.parts) > len(known.places)
        text = f"{len(known.places)} of {len(whole.parts)} are shown; the log has all." if missing else ""
        return element("p", text, class_="note", id=f"{self._id(whole)}-count")

    def _cell(self, part: Execution | None, id_: str, target: str) -> Element:
        if part is None:
            return element("a", id=id_, hidden="hidden")
        name = f"{part.label}: {part.status.value}"
        sign, status = SIGNS[part.status][0], part.status.value
        return element("a", sign, id=id_, href=f"#{target}", title=name, aria_label=name, class_=f"cell {status}")

    def _part(self, part: Execution | None, id_: str, depth: int = 1) -> Element:
        """The details of a part, with those of its own parts."""
        if part is None:
            return element("div", id=id_, hidden="hidden")
        inside = chosen(part, most_inside(depth))
        more = len(part.parts) - len(inside)
        return element(
            "details",
            summary_line(part, self._rows, None, None),
            element(
                "div",
                element("div", *facts(part, self._rows, self._table, FactsOf()), class_="facts"),
                *(self._part(each, f"{id_}-{at}", depth + 1) for at, each in enumerate(inside)),
                element("p", f"… and {more} more in the log", class_="note") if more else None,
                class_="inside",
            ),
            class_="node",
            id=id_,
            data_key=part.label,
        )
