"""What a run wrote to the state, for its last event: the writes of each field, merged into one."""

from __future__ import annotations

from engine.expressions import MISSING, Json
from engine.log.events.events import Wrote
from engine.scheduler.state.merging import fold
from engine.scheduler.state.results import Board


def wrote(board: Board) -> dict[str, Wrote]:
    """What every vertex left on the board, by field."""
    writes: dict[str, list[Json]] = {}
    writers: dict[str, str] = {}
    for vertex in board.graph.order:
        result = board.results.get(vertex)
        for delta in result.deltas if result is not None else ():
            for field, value in delta.items():
                writes.setdefault(field, []).append(value)
                writers[field] = vertex
    found = {field: fold(board.merges[field], MISSING, values) for field, values in writes.items()}
    return {
        field: Wrote(value, writers[field], board.merges[field].value)
        for field, value in found.items()
        if value is not MISSING
    }
