"""The section with the graph of a run."""

from __future__ import annotations

from collections.abc import Iterator, Set

from engine.report.drawing.markup import Element, element
from engine.report.drawing.svg_graph import MOST_BOXES, svg_graph
from engine.report.page.section import RunOnPage


class GraphSection:
    """The graph of the experience, with the statuses of the run."""

    def __init__(self, run: RunOnPage) -> None:
        self._run = run

    def whole(self) -> Element:
        """All of it."""
        return element("section", element("h2", "Graph"), self._drawing(), self._note(), id="graph")

    def changed(self, vertices: Set[str]) -> Iterator[Element]:
        """The whole drawing, if anything changed."""
        if vertices:
            yield self.whole()

    def _drawing(self) -> Element:
        picture = self._run.picture
        if len(picture.boxes) > MOST_BOXES:
            return element("p", f"A graph of {len(picture.boxes)} nodes is too large to draw.", class_="note")
        return element("div", svg_graph(picture, self._run.history, self._run.anchors), class_="panel")

    def _note(self) -> Element | None:
        if self._run.drawn is not None:
            return None
        return element("p", "experience.yaml has changed since this run: drawn from the log alone.", class_="note")
