"""The state as one execution sees it: what its vertex sees, and what came before it within the vertex."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.expressions import MISSING, Json, Missing
from engine.scheduler.state.merging import fold
from engine.scheduler.state.results import Board


class Sight:
    """What `vertex` of `board` sees, all of whose waits have ended; remembered, since items ask for the same values."""

    __slots__ = ("_before", "_delta", "_seen", "board", "vertex")

    def __init__(self, board: Board, vertex: str) -> None:
        self.board = board
        self.vertex = vertex
        self._before: Sight | None = None
        self._delta: Mapping[str, Json] = {}
        self._seen: dict[str, Json | Missing] = {}

    def after(self, deltas: Iterable[Mapping[str, Json]]) -> Sight:
        """What is seen once these were written, too: by an item's later stages, by a loop's later iterations."""
        sight = self
        for delta in deltas:
            later = Sight(self.board, self.vertex)
            later._before, later._delta = sight, delta
            sight = later
        return sight

    def see(self, field: str) -> Json | Missing:
        """The value of `field`. Raises NotYetKnownError where a vertex that it comes from has not run (plans only)."""
        unseen: list[Sight] = []  # a list and not a recursion: a loop may have thousands of iterations
        here: Sight | None = self
        value: Json | Missing = MISSING
        while here is not None:
            if field in here._seen:
                value = here._seen[field]
                break
            unseen.append(here)
            here = here._before
        for sight in reversed(unseen):
            if sight._before is None:
                value = self.board.see(self.vertex, field)
            elif field in sight._delta:
                value = fold(self.board.merges[field], value, (sight._delta[field],))
            sight._seen[field] = value
        return value
