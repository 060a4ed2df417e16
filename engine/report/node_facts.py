"""What a log says about one node, read from its own lines alone: status, output, attempts, and a few of its parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import UNSET, Struct

from engine.experience.model import Merge
from engine.expressions import MISSING
from engine.json_types import Json
from engine.log.events.events import (
    NodeAttempt,
    NodeCached,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
    NodeStarted,
    Output,
    RunFinished,
    RunStarted,
)
from engine.log.events.timestamps import moment
from engine.log.reading.execution_lines import ExecutionLines, LogLines, Place
from engine.log.reading.view import NodeStatus
from engine.log.reading.view import fold as folded
from engine.log.secrets.masking import MASK
from engine.log.storage.blobs import blobs_of
from engine.log.values.input_values import ReferencedValues, ValueLostError
from engine.report.executions import Execution, history
from engine.scheduler.state.merging import fold

MOST_BLOB_BYTES = 1024 * 1024
"""Longer values are not fetched to be shown: nobody reads them in a hover."""

_GRAVITY = (
    NodeStatus.FAILED,
    NodeStatus.RUNNING,
    NodeStatus.CANCELLED,
    NodeStatus.COMPLETED,
    NodeStatus.CACHED,
    NodeStatus.SKIPPED,
)
_MOST_LINES = 100
_MOST_TRIED = 5
_MOST_WRITES = 10_000

_STATUSES = {
    NodeCached.type: NodeStatus.CACHED,
    NodeCompleted.type: NodeStatus.COMPLETED,
    NodeFailed.type: NodeStatus.FAILED,
    NodeSkipped.type: NodeStatus.SKIPPED,
    NodeCancelled.type: NodeStatus.CANCELLED,
}


class NotShown(Struct, frozen=True):
    """In place of a value that is lost, or too large to be shown. `why` is for the user."""

    why: str


Values = Mapping[str, Json | NotShown]
"""An output by state field, and its edge output under the empty name."""


class NodeFacts(Struct, frozen=True):
    """One node in one run.

    `whole` is its only execution, or the fan-out, pipeline, loop or nested experience as a whole; None for a stage or a
    body, which has `parts` only. `parts` are a few of its executions, failed and running ones first, of which there
    are as many as `statuses` counts; `inside` are a few executions inside a pipeline, loop or nested experience.
    `outputs` are the whole values that they returned.
    """

    whole: Execution | None
    parts: tuple[Execution, ...] = ()
    statuses: Mapping[NodeStatus, int] = {}
    inside: tuple[Execution, ...] = ()
    outputs: Mapping[Place, Values] = {}
    ended_at: datetime | None = None

    @property
    def status(self) -> NodeStatus:
        """The status of the whole; of a stage or body the gravest one of its executions."""
        if self.whole is not None:
            return self.whole.status
        return next((status for status in _GRAVITY if self.statuses.get(status)), NodeStatus.PENDING)


class FieldFacts(Struct, frozen=True):
    """The value of a state field and the node that wrote it last; None for a value that the run started with."""

    value: Json
    written_by: str | None


def node_facts(lines: LogLines, node_id: str, most: int = 3) -> NodeFacts | None:
    """The facts about a node, with at most `most` parts; None if the log does not know it. Raises OSError."""
    executions = lines.executions(node_id)
    whole = next((each for each in executions if not each.place[0]), None)
    parts = [each for each in executions if each is not whole]
    inside = [each for each in lines.inside(node_id) if each.node_id != node_id]
    if not executions and not inside:
        return None
    shown, others = _first(parts, most), _first(inside, most)
    found = _read(lines, [*([whole] if whole else []), *shown, *others])
    values = values_of(lines)
    return NodeFacts(
        _as_whole(lines, whole, found[whole.place]) if whole is not None and whole.place in found else None,
        tuple(found[each.place] for each in shown if each.place in found),
        Counter(_STATUSES.get(each.last, NodeStatus.RUNNING) for each in parts),
        tuple(found[each.place] for each in others if each.place in found),
        {place: _whole_values(each.output, values) for place, each in found.items() if each.output is not None},
        _ended_at(lines, executions or inside),
    )


def typical_execution(lines: LogLines, node_id: str) -> Execution | None:
    """The last execution of a node, or that for the first item, if the log has its input. Raises OSError."""
    executions = sorted(
        lines.executions(node_id), key=lambda each: (not each.place[0], each.item or 0, -each.lines[-1])
    )
    for each in executions[:_MOST_TRIED]:
        found = _read(lines, [each]).get(each.place)
        if found is not None and found.input is not None:
            return found
    return None


def field_facts(lines: LogLines, name: str, merge: Merge, most_bytes: int = MOST_BLOB_BYTES) -> FieldFacts | None:
    """What a field holds at the end of a run, or so far; None if nothing gave it a value.

    Raises ValueLostError for a value that is gone, or in a blob of over `most_bytes`, and OSError.
    """
    values, started = values_of(lines, most_bytes), lines.started().event
    assert isinstance(started, RunStarted)  # LogLines.started ensures it
    start = values.value(started.state[name]) if name in started.state else MISSING
    finished = lines.finished()
    wrote = finished.event.wrote if finished is not None and isinstance(finished.event, RunFinished) else None
    if wrote is not None and name in wrote:
        writes = [(wrote[name].node_id, wrote[name].value)]
    else:
        writes = [(node_id, output.state_delta[name]) for node_id, output in _outputs(lines, name)]
    value = fold(merge, start, (values.value(written) for _, written in writes))
    if value is MISSING:
        return FieldFacts(MASK, None) if name in started.masked_state else None
    return FieldFacts(value, writes[-1][0] if writes else None)


def values_of(lines: LogLines, most_bytes: int = MOST_BLOB_BYTES) -> ReferencedValues:
    """Resolves values of a log; blobs of over `most_bytes` count as lost."""
    blobs = blobs_of(lines.path)
    return ReferencedValues(lines.event, lambda digest: blobs.read_short(digest, most_bytes))


def _outputs(lines: LogLines, name: str) -> list[tuple[str, Output]]:
    """The outputs that write a field, with the ids of their nodes, in the order of the log."""
    numbers = lines.writes(name)
    if len(numbers) > _MOST_WRITES:
        raise ValueLostError(f"{len(numbers):,} writes are too many to add up here")
    events = (record.event for record in lines.records(numbers))
    ended = (event for event in events if isinstance(event, (NodeCompleted, NodeCached)))
    return [(event.node_id, event.output) for event in ended if event.output is not None]


def _whole_values(output: Output, values: ReferencedValues) -> Values:
    edge = {} if output.edge_output is UNSET else {"": output.edge_output}
    return {name: _whole_value(value, values) for name, value in {**output.state_delta, **edge}.items()}


def _whole_value(logged: Json, values: ReferencedValues) -> Json | NotShown:
    try:
        return values.value(logged)
    except ValueLostError as error:
        return NotShown(str(error))


def _ended_at(lines: LogLines, executions: Iterable[ExecutionLines]) -> datetime | None:
    """The time of the last end among executions; None if none has ended."""
    ends = [each.lines[-1] for each in executions if each.has_ended]
    records = lines.records([max(ends)]) if ends else []
    return moment(records[0].ts) if records else None


def _first(executions: Iterable[ExecutionLines], most: int) -> list[ExecutionLines]:
    """Failed ones first, then those that have not ended, then by item."""
    rank = {NodeFailed.type: 0, NodeStarted.type: 1, NodeAttempt.type: 1}
    return sorted(executions, key=lambda each: (rank.get(each.last, 2), each.item or 0))[:most]


def _read(lines: LogLines, executions: Iterable[ExecutionLines]) -> dict[Place, Execution]:
    numbers = sorted(number for each in executions for number in each.lines[-_MOST_LINES:])
    wanted = {each.place for each in executions}
    run = history([lines.started(), *lines.records(numbers)])
    return {place: found for place, found in run.by_place.items() if place in wanted}


def _as_whole(lines: LogLines, own: ExecutionLines, found: Execution) -> Execution:
    """The execution with the status of all its parts, not only of those that were read."""
    view = folded((lines.started(), *lines.records(own.lines[-_MOST_LINES:])))
    found.status = view.nodes[found.node_id].effective_status()
    return found
