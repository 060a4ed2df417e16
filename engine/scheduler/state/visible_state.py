"""The state as one execution sees it: what its vertex sees, and what was written before it within the vertex."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.expressions import MISSING, Json, Missing
from engine.scheduler.state.merging import fold
from engine.scheduler.state.results import Results


class VisibleState:
    """The state that `vertex` sees once all that it waits for has ended. Keeps values: items ask for the same ones."""

    __slots__ = ("_before", "_delta", "_seen", "results", "vertex")

    def __init__(self, results: Results, vertex: str) -> None:
        self.results = results
        self.vertex = vertex
        self._before: VisibleState | None = None
        self._delta: Mapping[str, Json] = {}
        self._seen: dict[str, Json | Missing] = {}

    def after(self, deltas: Iterable[Mapping[str, Json]]) -> VisibleState:
        """The state after these writes, for later stages of an item and later iterations of a loop."""
        visible_state = self
        for delta in deltas:
            later = VisibleState(self.results, self.vertex)
            later._before, later._delta = visible_state, delta
            visible_state = later
        return visible_state

    def see(self, field: str) -> Json | Missing:
        """The value of `field`. Raises NotYetKnownError if it comes from a vertex that has not run (plans only)."""
        unseen: list[VisibleState] = []  # no recursion: a loop may have thousands of iterations
        here: VisibleState | None = self
        value: Json | Missing = MISSING
        while here is not None:
            if field in here._seen:
                value = here._seen[field]
                break
            unseen.append(here)
            here = here._before
        for visible_state in reversed(unseen):
            if visible_state._before is None:
                value = self.results.see(self.vertex, field)
            elif field in visible_state._delta:
                value = fold(self.results.merges[field], value, (visible_state._delta[field],))
            visible_state._seen[field] = value
        return value
