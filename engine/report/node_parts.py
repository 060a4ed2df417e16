"""Reads the parts of one vertex from its lines of a log, a page at a time: items, stages, iterations, nested nodes."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from engine.log.events.events import Record, RunFinished, RunStarted, RunWarning
from engine.log.humanize import place_text
from engine.log.reading.log_lines import LogLines
from engine.log.reading.view import NodeStatus
from engine.report.executions import History, history, place_of
from engine.report.node_facts import MOST_LINES, worst_first


class Part(Struct, frozen=True):
    """One execution inside a vertex. `place` is its address, such as `review[3]` or `rows[0]/check`.

    `duration_ms` is in milliseconds, `cost_usd` in US dollars; None where unknown.
    """

    place: str
    status: NodeStatus
    duration_ms: float | None = None
    cost_usd: float | None = None
    error: str | None = None
    reason: str | None = None


class Parts(Struct, frozen=True):
    """Some parts of a vertex, and how many it has so far."""

    total: int
    parts: list[Part]


def node_parts(lines: LogLines, node_id: str, skipped: int, most: int) -> Parts:
    """At most `most` parts of a vertex after the first `skipped`: failed ones first, then those that have not ended,
    then by item. Empty for a plain node. Raises OSError.
    """
    items = lines.parts(node_id)
    executions = items if len(items) else lines.inside(node_id)
    read = [lines.records(each.numbers[-MOST_LINES:]) for each in executions.first(most, worst_first, skipped=skipped)]
    run = history([lines.started(), *(record for records in read for record in records)])
    return Parts(len(executions), [part for records in read for part in _parts(run, records)])


def _parts(run: History, records: list[Record]) -> Iterator[Part]:
    """The part that these lines are about; none where they cannot be read."""
    event = records[-1].event if records else None
    if event is None or isinstance(event, (RunStarted, RunFinished, RunWarning)):
        return
    found = run.by_place[place_of(event.scope, event.node_id)]
    yield Part(
        place_text(found.node_id, found.scope),
        found.status,
        found.duration_ms,
        None if found.metrics is None else found.metrics.cost_usd,
        None if found.error is None else found.error.message,
        found.reason,
    )
