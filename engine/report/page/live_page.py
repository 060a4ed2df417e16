"""The page of a run that follows its log: the whole page, then patches of what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from msgspec import Struct

from engine.log.events.events import Record
from engine.report.drawing.markup import Element, element, fragment
from engine.report.page.section import RunOnPage, Section

PAGE_ID = "page"
"""The id of the element that contains all sections."""


class Patch(Struct, frozen=True):
    """What to replace on a page: the HTML of elements by their ids. `seq` counts the patches of one page from 1."""

    seq: int
    elements: Mapping[str, str]


class LivePage:
    """A page that is sent once as a whole and then in patches, to any number of readers."""

    def __init__(self, run: RunOnPage, sections: Sequence[Section]) -> None:
        self.run = run
        self.seq = 0
        self._sections = sections
        self._sent: dict[str, str] = {}
        self._all_changed = False

    def add(self, records: Iterable[Record]) -> None:
        """Add the next records of the log, which starts with run.started."""
        for record in records:
            self.run.add(record)

    def changed_outside_the_log(self) -> None:
        """The next patch replaces everything that differs; after `run.drawn` has been set, for instance."""
        self._all_changed = True

    def main(self) -> Element:
        """The whole page, as the element with the id PAGE_ID."""
        self._sent.clear()  # its reader has not seen what others were sent
        return element("main", *(section.whole() for section in self._sections), id=PAGE_ID)

    def everything(self) -> Patch:
        """The whole page as a patch, for a reader who missed some. It changes nothing for the others."""
        return Patch(self.seq, {PAGE_ID: fragment(self.main())})

    def patch(self) -> Patch | None:
        """What changed since the last patch; None if nothing did.

        Its cost is bounded by the number of vertices that changed, whatever the number of their parts.
        """
        history = self.run.history
        vertices = {history.vertex_of(each).node_id for each in self.run.touched.values()}
        elements = {id_: html for each in self._changed(vertices) for id_, html in self._new(each)}
        self.run.touched.clear()
        self._all_changed = False
        if not elements:
            return None
        self.seq += 1
        return Patch(self.seq, elements)

    def _changed(self, vertices: Set[str]) -> Iterator[Element]:
        for section in self._sections:
            if self._all_changed:
                yield section.whole()
            else:
                yield from section.changed(vertices)

    def _new(self, each: Element) -> Iterator[tuple[str, str]]:
        """The element with its id, unless it is as it was last sent."""
        id_, html = each.get("id") or "", fragment(each)
        if self._sent.get(id_) == html:
            return
        for inner in each.iter():
            self._sent.pop(inner.get("id") or "", None)  # sent anew as part of this one
        self._sent[id_] = html
        yield id_, html
