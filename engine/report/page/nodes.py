"""The section with the details of all nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from engine.json_types import Json
from engine.report.drawing.markup import Element, element
from engine.report.executions import Execution
from engine.report.page.page_nodes import Values, node_section
from engine.report.page.section import RunOnPage
from engine.report.received_inputs import KnownValues


class NodesSection:
    """The details of all nodes, which unfold."""

    def __init__(self, run: RunOnPage, written: Iterable[Json]) -> None:
        self._run = run
        self._written = list(written)
        self._shown = 0
        self._known: KnownValues | None = None

    def whole(self) -> Element:
        """All of it."""
        executions = self._run.history.executions
        self._shown = len(executions)
        return element("section", element("h2", "Nodes"), *map(self._node, executions), id="nodes")

    def changed(self, vertices: Set[str]) -> Iterator[Element]:
        """The details of the vertices; everything if there are more of them than before."""
        if len(self._run.history.executions) != self._shown:
            yield self.whole()
            return
        for execution in self._run.history.executions:
            if execution.node_id in vertices:
                yield self._node(execution)

    def _node(self, execution: Execution) -> Element:
        run = self._run
        if self._known is None:
            self._known = KnownValues(run.history, self._written)
        known = Values(run.values, self._known)
        kinds = {box.id: box.kind for box in run.picture.boxes}
        return node_section(execution, known, f"node-{run.number(execution.node_id)}", kinds)
