"""What the sections of a run's page are, and what all of them draw from."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Protocol

from msgspec import Struct, field

from engine.log.events.events import Record
from engine.log.reading.summary import RunSummary, summarise
from engine.log.reading.view import RunView
from engine.log.values.input_values import InputValues
from engine.log.values.large_values import Read, no_blobs
from engine.report.drawing.diagram import Picture
from engine.report.drawing.log_picture import picture_of_log
from engine.report.drawing.markup import Element
from engine.report.executions import Execution, History, Place
from engine.report.page.redaction import redacted_record

_LARGE = 600


class Section(Protocol):
    """One part of the page.

    Ids are of our making, never from a log: `node-3`, `graph-node-3`, with the number of the vertex.
    """

    def whole(self) -> Element:
        """All of it. The id of its root is always the same, and the root is there even if it is empty."""

    def changed(self, vertices: Set[str]) -> Iterator[Element]:
        """Replacements of elements with these ids that are on the page, after these vertices of the graph changed.

        `vertices` may be empty: then the run itself changed.
        """


class RunOnPage(Struct):
    """A run as its page shows it: everything that is folded from the log, record by record.

    `drawn` is the graph of the experience, None if it is not known or not the one that ran. `alive` says whether an
    engine is executing the run. `touched` are the executions that changed since the last patch, by place. `redacted`
    leaves values out. `is_file` says that the page is to be sent to others, and will never be patched. `graph_note` is
    what the user should know about the graph, such as that it is drawn from the last text without errors.
    """

    history: History = field(default_factory=History)
    view: RunView = field(default_factory=RunView)
    drawn: Picture | None = None
    alive: bool = False
    redacted: bool = False
    is_file: bool = False
    graph_note: str | None = None
    values: InputValues = field(default_factory=lambda: InputValues((), no_blobs))
    read: Read = no_blobs
    touched: dict[Place, Execution] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Add the next record of the log, which starts with run.started."""
        if self.redacted:
            record = redacted_record(record)
        self.view.apply(record)
        self.values.add(record)
        changed = self.history.apply(record)
        if changed is not None:
            self.touched[changed.place] = changed

    @property
    def summary(self) -> RunSummary:
        """The summary of the run so far."""
        summary = summarise(self.view, alive=self.alive)
        assert summary is not None  # the first record is run.started
        return summary

    @property
    def picture(self) -> Picture:
        """The graph of the experience; if that is unknown, what the log shows of it."""
        return self.drawn or picture_of_log(self.summary.experience, self.history)

    @property
    def is_brief(self) -> bool:
        """Whether what several sections say of a node is to be said once, since a file must stay small."""
        return self.is_file and len(self.history.executions) > _LARGE

    def number(self, vertex: str) -> int:
        """The number of a vertex in topological order, from 1, for ids of elements: `f"node-{number}"`."""
        known = self._numbers
        if vertex not in known and len(known) < len(self.history.executions):
            for execution in self.history.executions[len(known) :]:
                known[execution.node_id] = len(known) + 1
        return known.get(vertex, 0)

    @property
    def anchors(self) -> dict[str, str]:
        """The ids of the details of all vertices: `node-3`."""
        return {each.node_id: f"node-{self.number(each.node_id)}" for each in self.history.executions}
