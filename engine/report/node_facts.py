"""Reads the facts about one node from its own lines of a log: status, output, attempts, and a few of its parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from msgspec import UNSET, Struct

from engine.experience.model import Merge
from engine.expressions import MISSING
from engine.json_types import Json
from engine.log.events.events import (
    Input,
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
    RunWarning,
)
from engine.log.events.timestamps import moment
from engine.log.reading.execution_lines import ExecutionLines, Lines
from engine.log.reading.log_lines import LogLines
from engine.log.reading.view import NodeStatus
from engine.log.reading.view import fold as folded
from engine.log.secrets.masking import MASK
from engine.log.storage.blobs import blobs_of
from engine.log.values.input_values import ReferencedValues, ValueLostError
from engine.report.executions import Execution, Place, history, place_of
from engine.report.status_signs import BY_GRAVITY
from engine.scheduler.state.merging import fold

MOST_BLOB_BYTES = 1024 * 1024
"""Longer values are not fetched to be shown: nobody reads them in a hover."""

MOST_LINES = 100
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
    `outputs` are the whole values that they returned, `inputs` those that `whole` received, by name.
    """

    whole: Execution | None
    parts: tuple[Execution, ...] = ()
    statuses: Mapping[NodeStatus, int] = {}
    inside: tuple[Execution, ...] = ()
    outputs: Mapping[Place, Values] = {}
    inputs: Values = {}


class NodeEnd(Struct, frozen=True):
    """How a node ended in a run, and when; a stage or body as badly as the worst of its executions.

    `at` is None while it has not ended. `duration_ms` is that of the run, so a restored node has none.
    """

    status: NodeStatus
    at: datetime | None
    duration_ms: float | None = None


class FieldFacts(Struct, frozen=True):
    """The value of a state field and the node that wrote it last; None for a value that the run started with."""

    value: Json
    written_by: str | None


def node_facts(lines: LogLines, node_id: str, most: int = 3) -> NodeFacts | None:
    """The facts about a node, with at most `most` parts; None if the log does not know it. Raises OSError."""
    own, parts, inside = lines.whole(node_id), lines.parts(node_id), lines.inside(node_id)
    statuses = _statuses(parts)
    if own is None and not statuses:
        return None
    whole = None if own is None else _whole(lines, own)
    shown = [_execution(lines, each) for each in parts.first(most, worst_first)]
    others = [_execution(lines, each) for each in inside.first(most, worst_first)]
    values = values_of(lines)
    found = [each for each in (whole, *shown, *others) if each is not None]
    return NodeFacts(
        whole,
        tuple(each for each in shown if each is not None),
        statuses,
        tuple(each for each in others if each is not None),
        {each.place: _whole_values(each.output, values) for each in found if each.output is not None},
        {} if whole is None or whole.input is None else _received(whole.input, values),
    )


def node_end(lines: LogLines, node_id: str) -> NodeEnd | None:
    """How a node ended; None if the log does not know it. Raises OSError."""
    own, parts = lines.whole(node_id), lines.parts(node_id)
    if own is None:
        statuses = _statuses(parts)
        worst = next((status for status in BY_GRAVITY if statuses[status]), None)
        return None if worst is None else NodeEnd(worst, _time_of(lines, parts.last_end()))
    whole = _whole(lines, own)
    if whole is None:
        return None
    took = whole.duration_ms if whole.produced_by is None else None
    return NodeEnd(whole.status, _time_of(lines, own.numbers[-1] if own.has_ended else None), took)


def typical_execution(lines: LogLines, node_id: str) -> Execution | None:
    """The last execution of a node, or that for the first item, if the log has its input. Raises OSError."""
    own = lines.whole(node_id)
    parts = lines.parts(node_id).first(_MOST_TRIED, lambda _, item, number: (item, -number))
    executions = (_execution(lines, each) for each in (*parts, *([] if own is None else [own])))
    return next((each for each in executions if each is not None and each.input is not None), None)


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


def _received(received: Input, values: ReferencedValues) -> Values:
    """What an execution received, by the names of the input parts (docs/resume.md)."""
    named = {
        **{f"args.{name}": value for name, value in received.args.items()},
        **{f"reads.{name}": value for name, value in received.reads.items()},
        **{f"edges.{name}": value for name, value in received.edges.items()},
        **received.given,
    }
    return {name: _whole_value(value, values) for name, value in named.items()}


def _whole_value(logged: Json, values: ReferencedValues) -> Json | NotShown:
    try:
        return values.value(logged)
    except ValueLostError as error:
        return NotShown(str(error))


def _statuses(parts: ExecutionLines) -> Counter[NodeStatus]:
    counts = parts.last_types().items()
    return Counter({_STATUSES.get(type_, NodeStatus.RUNNING): count for type_, count in counts})


def _time_of(lines: LogLines, number: int | None) -> datetime | None:
    records = [] if number is None else lines.records([number])
    return moment(records[0].ts) if records else None


def worst_first(last: str, item: int, number: int) -> tuple[int, int, int]:
    """Failed executions first, then those that have not ended, then by item."""
    rank = {NodeFailed.type: 0, NodeStarted.type: 1, NodeAttempt.type: 1}
    return rank.get(last, 2), item, number


def _execution(lines: LogLines, own: Lines) -> Execution | None:
    """The execution with these lines; None if they cannot be read."""
    records = lines.records(own.numbers[-MOST_LINES:])
    if not records or isinstance(records[0].event, (RunStarted, RunFinished, RunWarning)):
        return None
    place = place_of(records[0].event.scope, records[0].event.node_id)
    return history([lines.started(), *records]).by_place.get(place)


def _whole(lines: LogLines, own: Lines) -> Execution | None:
    """The execution with the status of all its parts."""
    found = _execution(lines, own)
    if found is not None:
        view = folded((lines.started(), *lines.records(own.numbers[-MOST_LINES:])))
        found.status = view.nodes[found.node_id].effective_status()
    return found
