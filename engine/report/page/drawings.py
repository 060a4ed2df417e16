"""The section with the timeline of a run."""

from __future__ import annotations

from collections.abc import Iterator, Set

from engine.report.drawing.markup import Element, element
from engine.report.drawing.svg_timeline import svg_timeline
from engine.report.page.section import RunOnPage


class TimelineSection:
    """When each node ran."""

    def __init__(self, run: RunOnPage) -> None:
        self._run = run

    def whole(self) -> Element:
        """All of it."""
        drawing = element("div", svg_timeline(self._run.history, self._run.anchors), class_="panel")
        return element("section", element("h2", "Timeline"), drawing, id="timeline")

    def changed(self, vertices: Set[str]) -> Iterator[Element]:
        """The whole drawing, if anything changed."""
        if vertices:
            yield self.whole()
