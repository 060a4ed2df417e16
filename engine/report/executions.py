"""The history of a run: a fold over its log with every execution, its scope, times, input, output and attempts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from engine.log.events.events import (
    Cause,
    Counts,
    ErrorInfo,
    Input,
    Metrics,
    NodeActivity,
    NodeAttempt,
    NodeCached,
    NodeCancelled,
    NodeCompleted,
    NodeEvent,
    NodeFailed,
    NodeSkipped,
    NodeStarted,
    NodeTokens,
    NodeWarning,
    Output,
    ProducedBy,
    Record,
    RunFinished,
    RunStarted,
    RunWarning,
    Scope,
)
from engine.log.events.timestamps import moment
from engine.log.reading.view import NodeStatus

Step = tuple[str, str, str]
Place = tuple[tuple[Step, ...], str]
"""The place of an execution: its scopes (kind, id, key or iteration) and the id of its node."""


_MOST_MOMENTS = 200
"""Later activities are not kept: coding agents report every line."""


class Moment(Struct, frozen=True):
    """Something that happened during an execution, at a time in milliseconds from the start of the run."""

    at_ms: float
    event: NodeAttempt | NodeActivity | NodeTokens


class Execution(Struct):
    """One execution of a node. Times are milliseconds from the start of the run, None if unknown.

    `moments` are its attempts, activities and calls, in the order of the log.
    `parts` are the executions inside it: items, iterations, or nodes of a nested experience.
    """

    node_id: str
    scope: tuple[Scope, ...] = ()
    status: NodeStatus = NodeStatus.PENDING
    started_ms: float | None = None
    ended_ms: float | None = None
    duration_ms: float | None = None
    attempt_id: str | None = None
    tries: list[NodeAttempt] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    activity: str | None = None
    error: ErrorInfo | None = None
    reason: str | None = None
    cause: Cause | None = None
    input: Input | None = None
    reasons: tuple[str, ...] = ()
    output: Output | None = None
    counts: Counts | None = None
    input_hash: str | None = None
    input_parts: Mapping[str, str] = field(default_factory=dict)
    keyed_parts: Mapping[str, str] = field(default_factory=dict)
    metrics: Metrics | None = None
    produced_by: ProducedBy | None = None
    unrestorable: str | None = None
    parts: list[Execution] = field(default_factory=list)

    @property
    def place(self) -> Place:
        """Its identity in every run of the experience."""
        return place_of(self.scope, self.node_id)

    @property
    def label(self) -> str:
        """Its name among its siblings: `review[3]` for an item, `refine, iteration 2` for an iteration."""
        own = self.scope[-1] if self.scope else None
        if own is not None and own.item is not None:
            return f"{self.node_id}[{own.item.index}]"
        if own is not None and own.iteration is not None:
            return f"{self.node_id}, iteration {own.iteration}"
        return self.node_id

    @property
    def parts_in_order(self) -> list[Execution]:
        """The executions inside it, items by index instead of start."""
        return sorted(self.parts, key=item_index)


def in_order(executions: Iterable[Execution]) -> Iterator[Execution]:
    """Executions and all inside them, depth first."""
    for execution in executions:
        yield execution
        yield from in_order(execution.parts_in_order)


def item_index(execution: Execution) -> int:
    """The index of its item, for sorting; 0 if it has none."""
    own = execution.scope[-1] if execution.scope else None
    return own.item.index if own is not None and own.item is not None else 0


class History(Struct):
    """A run as far as its log goes, with its top-level executions in topological order.

    `saved_ms` is the time that restored executions once took, in milliseconds.
    """

    run_id: str = ""
    started: RunStarted | None = None
    started_at: str = ""
    finished: RunFinished | None = None
    warnings: list[str] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    ended_ms: float = 0.0
    saved_ms: float = 0.0
    by_place: dict[Place, Execution] = field(default_factory=dict)

    def apply(self, record: Record) -> Execution | None:
        """Add the next record of the log, which starts with run.started; returns the execution that it changed."""
        event = record.event
        changed = None
        if isinstance(event, RunStarted):
            self.run_id, self.started, self.started_at = record.run_id, event, record.ts
            for node_id in event.nodes:
                _execution(self, (), node_id)
        now = _milliseconds(self, record.ts)
        if isinstance(event, RunFinished):
            self.finished = event
        elif isinstance(event, RunWarning):
            self.warnings.append(event.message)
        elif not isinstance(event, RunStarted):
            changed = _apply(self, event, now)
        self.ended_ms = max(self.ended_ms, now)
        return changed

    def vertex_of(self, execution: Execution) -> Execution:
        """The top-level execution that contains it, or is it."""
        return _execution(self, (), execution.scope[0].id if execution.scope else execution.node_id)

    def part_of(self, execution: Execution) -> Execution:
        """The part of a top-level execution that contains it, or is it; itself if it is top-level."""
        scope = execution.scope
        return _execution(self, scope[:1], scope[1].id) if len(scope) > 1 else execution


def history(records: Iterable[Record]) -> History:
    """The history of a whole log, which starts with run.started."""
    run = History()
    for record in records:
        run.apply(record)
    return run


def _is_restored(parts: list[Execution]) -> bool:
    """Whether all parts were restored or skipped, so that the whole counts as restored."""
    statuses = {part.status for part in parts}
    return NodeStatus.CACHED in statuses and statuses <= {NodeStatus.CACHED, NodeStatus.SKIPPED}


def _apply(run: History, event: NodeEvent, now: float) -> Execution:
    execution = _execution(run, event.scope, event.node_id)
    if isinstance(event, NodeStarted):
        execution.status, execution.started_ms, execution.attempt_id = NodeStatus.RUNNING, now, event.attempt_id
        execution.input, execution.reasons = event.input, event.reasons
        execution.ended_ms = None  # it may have ended before, in an earlier attempt of the experience around it
    elif isinstance(event, NodeAttempt):
        execution.tries.append(event)
        execution.moments.append(Moment(now, event))
    elif isinstance(event, NodeWarning):
        execution.warnings.append(event.message)
    elif isinstance(event, NodeActivity):
        execution.activity = event.activity
        if event.kind is not None or len(execution.moments) < _MOST_MOMENTS:
            execution.moments.append(Moment(now, event))
    elif isinstance(event, NodeTokens):
        execution.moments.append(Moment(now, event))
    else:
        _end(execution, event, now)
        if isinstance(event, NodeCached):
            run.saved_ms += event.duration_ms
    return execution


def _end(
    execution: Execution, event: NodeCached | NodeCompleted | NodeFailed | NodeSkipped | NodeCancelled, now: float
) -> None:
    execution.status = _STATUSES[type(event)]
    execution.ended_ms, execution.activity = now, None
    if isinstance(event, (NodeSkipped, NodeCancelled)):
        execution.reason, execution.cause = event.reason, event.cause
        return
    execution.duration_ms, execution.metrics = event.duration_ms, event.metrics
    if isinstance(event, NodeFailed):
        execution.error, execution.counts = event.error, event.counts
        return
    execution.output, execution.input_hash = event.output, event.input_hash
    execution.input_parts, execution.keyed_parts = event.input_parts or {}, event.keyed_parts or {}
    if isinstance(event, NodeCached):
        execution.produced_by = event.produced_by
        execution.input, execution.reasons = event.input, event.reasons
        return
    execution.counts = event.counts
    if _is_restored(execution.parts):
        execution.status = NodeStatus.CACHED
    execution.unrestorable = None if event.restorable else event.restorable_reason or "not restorable"


_STATUSES: Mapping[type, NodeStatus] = {
    NodeCached: NodeStatus.CACHED,
    NodeCompleted: NodeStatus.COMPLETED,
    NodeFailed: NodeStatus.FAILED,
    NodeSkipped: NodeStatus.SKIPPED,
    NodeCancelled: NodeStatus.CANCELLED,
}


def _execution(run: History, scope: tuple[Scope, ...], node_id: str) -> Execution:
    place = place_of(scope, node_id)
    known = run.by_place.get(place)
    if known is None:
        known = run.by_place[place] = Execution(node_id, scope)
        if scope:
            _execution(run, scope[:-1], scope[-1].id).parts.append(known)
        else:
            run.executions.append(known)
    return known


def place_of(scope: tuple[Scope, ...], node_id: str) -> Place:
    """The place of an execution of a node in a scope."""
    return tuple((step.kind.value, step.id, _which(step)) for step in scope), node_id


def _which(step: Scope) -> str:
    if step.item is not None:
        return step.item.key
    return "" if step.iteration is None else str(step.iteration)


def _milliseconds(run: History, ts: str) -> float:
    return (moment(ts) - moment(run.started_at)).total_seconds() * 1000 if run.started_at else 0.0
