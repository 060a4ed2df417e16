"""The state writes of a run for its last event: those of each field, merged into one."""

from __future__ import annotations

from engine.expressions import MISSING, Json
from engine.log.events.events import Wrote
from engine.scheduler.state.merging import fold
from engine.scheduler.state.results import Results


def final_writes(results: Results) -> dict[str, Wrote]:
    """The merged writes of all vertices, by field."""
    writes: dict[str, list[Json]] = {}
    writers: dict[str, str] = {}
    for vertex in results.graph.order:
        result = results.ended.get(vertex)
        for delta in result.deltas if result is not None else ():
            for field, value in delta.items():
                writes.setdefault(field, []).append(value)
                writers[field] = vertex
    found = {field: fold(results.merges[field], MISSING, values) for field, values in writes.items()}
    return {
        field: Wrote(value, writers[field], results.merges[field].value)
        for field, value in found.items()
        if value is not MISSING
    }
