"""What is known of a run: how each vertex ended, and the state that each vertex therefore sees
(docs/design.md, State).
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from engine.core.merging import fold
from engine.expressions import MISSING, Json, Missing
from engine.graph import Graph
from engine.spec.model import Experience, Merge


class Ending(str, Enum):
    """How a vertex ended. UNDETERMINED is for plans: it will run, with a result that nobody knows yet."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Result:
    """How a vertex ended and what it left: its state deltas (one for each item of a fan-out) and its edge output."""

    ending: Ending
    deltas: tuple[Mapping[str, Json], ...] = ()
    edge_output: Json | Missing = MISSING


class NotYetKnownError(LookupError):
    """Something depends on the results of vertices that have not run yet: their ids. Only plans meet it."""

    def __init__(self, vertices: tuple[str, ...]) -> None:
        super().__init__(", ".join(vertices))
        self.vertices = vertices


class Board:
    """Results as they come in. `args` are the run's, `start` the state that it begins with."""

    def __init__(
        self, experience: Experience, graph: Graph, args: Mapping[str, Json], start: Mapping[str, Json]
    ) -> None:
        self.experience = experience
        self.graph = graph
        self.args = args
        self.start = start
        self.results: dict[str, Result] = {}
        self._merges = {field.name: field.merge for field in experience.fields}
        self._declared = {node.id: frozenset(node.writes) for node in experience.nodes}
        self._undeclared_writers: dict[str, list[tuple[int, str]]] = {}
        self._seen: tuple[str, dict[str, Json | Missing]] = ("", {})

    def settle(self, vertex: str, result: Result) -> None:
        """Enter how `vertex` ended."""
        self.results[vertex] = result
        written = {field for delta in result.deltas for field in delta}
        for field in written - self._declared.get(vertex, frozenset()):
            insort(self._undeclared_writers.setdefault(field, []), (self.graph.position(vertex), vertex))

    def merge_of(self, field: str) -> Merge:
        """How writes to a declared field combine. Raises KeyError for a field that is not declared."""
        return self._merges[field]

    def declares(self, field: str) -> bool:
        """Whether the experience has this state field."""
        return field in self._merges

    def see(self, vertex: str, field: str) -> Json | Missing:
        """The value of `field` as `vertex` sees it: the starting value and the writes of what it waited for, in order.

        Raises NotYetKnownError where one of those has not run yet.
        """
        if field not in self._merges:
            return MISSING
        if self._seen[0] != vertex:
            self._seen = (vertex, {})
        memo = self._seen[1]  # the items of a fan-out ask for the same few values thousands of times
        if field not in memo:
            memo[field] = self._fold(field, self._visible_writers(vertex, field))
        return memo[field]

    def final_state(self) -> dict[str, Json]:
        """The state at the end: every result folded in, in topological order. Fields never written are left out."""
        state: dict[str, Json] = {}
        for field in self._merges:
            value = self._fold(field, self._writers(field))
            if value is not MISSING:
                state[field] = value
        return state

    def _fold(self, field: str, writers: list[str]) -> Json | Missing:
        merge, start = self._merges[field], self.start.get(field, MISSING)
        if merge is Merge.LAST_WINS:
            return next(self._writes(field, reversed(writers), latest_first=True), start)
        return fold(merge, start, self._writes(field, iter(writers)))

    def _writes(self, field: str, writers: Iterator[str], *, latest_first: bool = False) -> Iterator[Json]:
        for writer in writers:
            result = self.results.get(writer)
            if result is None:
                continue
            if result.ending is Ending.UNDETERMINED:
                raise NotYetKnownError((writer,))
            deltas = reversed(result.deltas) if latest_first else result.deltas
            yield from (delta[field] for delta in deltas if field in delta)

    def _visible_writers(self, vertex: str, field: str) -> list[str]:
        ancestors = self.graph.ancestors(vertex)
        declared = [writer for writer in self.graph.writers(field) if writer in ancestors]
        undeclared = self._undeclared_writers.get(field)
        if not undeclared:
            return declared
        # A write that no `writes` announces is seen along edges only (docs/format.md, Writes).
        by_edge = self.graph.edge_ancestors(vertex)
        visible = [*declared, *(writer for _, writer in undeclared if writer in by_edge)]
        return sorted(visible, key=self.graph.position)

    def _writers(self, field: str) -> list[str]:
        undeclared = (writer for _, writer in self._undeclared_writers.get(field, ()))
        return sorted({*self.graph.writers(field), *undeclared}, key=self.graph.position)
