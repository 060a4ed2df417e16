"""The critical path of a run: the vertices that made it last as long as it did. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.report.executions import Execution


def critical_path(executions: Sequence[Execution], predecessors: Mapping[str, Sequence[str]]) -> tuple[Execution, ...]:
    """From the vertex that ended last back to the start, always by the predecessor that ended last.

    Restored and skipped vertices took no time: they are part of it only between others.
    """
    by_id = {each.node_id: each for each in executions}
    ran = [each for each in executions if each.started_ms is not None]
    current = max(ran, key=_end, default=None)
    path: list[Execution] = []
    while current is not None:
        path.append(current)
        before = [by_id.pop(id_) for id_ in predecessors.get(current.node_id, ()) if id_ in by_id]  # no cycles
        current = max((each for each in before if each.ended_ms is not None), key=_end, default=None)
    while path and path[-1].started_ms is None:
        path.pop()
    return tuple(reversed(path))


def _end(execution: Execution) -> float:
    return execution.ended_ms if execution.ended_ms is not None else float("inf")
