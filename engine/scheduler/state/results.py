"""The results of a run's vertices, and the state that each vertex sees (docs/design.md, State)."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Mapping
from enum import Enum
from heapq import merge as merge_sorted

from msgspec import Struct

from engine.experience.args import without_secrets
from engine.experience.model import Merge
from engine.expressions import MISSING, Json, Missing
from engine.log.events.events import ErrorInfo
from engine.log.secrets.masking import MASK
from engine.scheduler.composition import Composition
from engine.scheduler.state.merging import fold
from engine.scheduler.value_digest import HashOf, hash_openly


class Ending(str, Enum):
    """How a vertex ended. UNDETERMINED, in plans: it will run, with a result that is not known yet."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    UNDETERMINED = "undetermined"


class Result(Struct, frozen=True):
    """How a vertex, or a part of one, ended.

    `deltas` are its writes to the state, in order: one for each item, stage or iteration. `error` says why it failed,
    `reason` why it was cancelled. `restored`: nothing in it was executed. `tokens` are those that its outcomes took,
    restored ones included; attempts that failed do not count.
    """

    ending: Ending
    deltas: tuple[Mapping[str, Json], ...] = ()
    edge_output: Json | Missing = MISSING
    error: ErrorInfo | None = None
    restored: bool = False
    reason: str = ""
    tokens: int = 0


UNDETERMINED = Result(Ending.UNDETERMINED)


class NotYetKnownError(LookupError):
    """A value depends on the results of `vertices`, which have not run yet. Raised in plans only."""

    def __init__(self, vertices: tuple[str, ...]) -> None:
        super().__init__(", ".join(vertices))
        self.vertices = vertices


class Results:
    """The results of one graph run so far. `args` are those of the run, `start` is its starting state.

    `shown_args` are as much of the args as people may see; `hash_of` gives the digests for item keys.
    """

    def __init__(
        self,
        composition: Composition,
        args: Mapping[str, Json],
        start: Mapping[str, Json],
        *,
        shown_args: Mapping[str, Json] | None = None,
        hash_of: HashOf = hash_openly,
    ) -> None:
        self.composition = composition
        self.experience = composition.experience
        self.graph = composition.graph
        self.args = args
        self.shown_args = without_secrets(self.experience, args if shown_args is None else shown_args, MASK)
        self.hash_of = hash_of
        self.start = start
        self.ended: dict[str, Result] = {}
        self.nodes = {node.id: node for node in self.experience.nodes}
        self.fields = {field.name: field for field in self.experience.fields}
        self.merges = {name: field.merge for name, field in self.fields.items()}
        self._declared = _declared_writes(composition)
        self._undeclared_writers: dict[str, list[tuple[int, str]]] = {}

    def settle(self, vertex: str, result: Result) -> None:
        """Enter the result of `vertex`."""
        self.ended[vertex] = result
        written = {field for delta in result.deltas for field in delta}
        for field in written - self._declared.get(vertex, frozenset()):
            insort(self._undeclared_writers.setdefault(field, []), (self.graph.position(vertex), vertex))

    def see(self, vertex: str, field: str) -> Json | Missing:
        """The value of `field` for `vertex`: the starting value and the writes of all that it waited for, in order.

        Raises NotYetKnownError if one of these has not run yet.
        """
        if field not in self.merges:
            return MISSING
        return self._fold(field, self._visible_writers(vertex, field))

    def final_state(self) -> dict[str, Json]:
        """The final state: all results folded in topological order. Fields without a value are left out."""
        state: dict[str, Json] = {}
        for field in self.merges:
            undeclared = (writer for _, writer in self._undeclared_writers.get(field, ()))
            writers = sorted({*self.graph.writers(field), *undeclared}, key=self.graph.position, reverse=True)
            value = self._fold(field, iter(writers))
            if value is not MISSING:
                state[field] = value
        return state

    def _fold(self, field: str, latest_first: Iterator[str]) -> Json | Missing:
        merge, start = self.merges[field], self.start.get(field, MISSING)
        writes = (delta[field] for delta in self._deltas(latest_first) if field in delta)
        if merge is Merge.LAST_WINS:
            return next(writes, start)  # earlier writers do not matter
        return fold(merge, start, reversed(list(writes)))

    def _deltas(self, latest_first: Iterator[str]) -> Iterator[Mapping[str, Json]]:
        for writer in latest_first:
            result = self.ended.get(writer)
            if result is None:
                continue
            if result.ending is Ending.UNDETERMINED:
                raise NotYetKnownError((writer,))
            yield from reversed(result.deltas)

    def _visible_writers(self, vertex: str, field: str) -> Iterator[str]:
        """The writers of `field` that `vertex` waited for, latest first."""
        writers, ancestors = self.graph.writers(field), self.graph.ancestors(vertex)
        earlier = range(self.graph.writers_before(vertex, field) - 1, -1, -1)
        declared = (writers[place] for place in earlier if writers[place] in ancestors)
        undeclared = self._undeclared_writers.get(field)
        if not undeclared:
            return declared
        # Writes that no `writes` declares are visible along edges only (docs/format.md, Writes).
        by_edge = self.graph.edge_ancestors(vertex)
        stray = (writer for _, writer in reversed(undeclared) if writer in by_edge)
        return merge_sorted(declared, stray, key=self.graph.position, reverse=True)


def _declared_writes(composition: Composition) -> dict[str, frozenset[str]]:
    """The fields that the nodes of each vertex declare to write."""
    writes = {node.id: node.writes for node in composition.experience.nodes}
    return {
        id_: frozenset(field for node_id in vertex.node_ids for field in writes[node_id])
        for id_, vertex in composition.graph.vertices.items()
    }
