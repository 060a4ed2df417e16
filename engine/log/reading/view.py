"""The state of a run as a fold over its records. The terminal, the editor, lists and summaries show this."""

from __future__ import annotations

from collections import Counter
from enum import Enum

from msgspec import Struct, field

from engine.log.events.events import (
    Counts,
    ErrorInfo,
    Event,
    FailedItems,
    NodeActivity,
    NodeAttempt,
    NodeCached,
    NodeCancelled,
    NodeCompleted,
    NodeEvent,
    NodeFailed,
    NodeSkipped,
    NodeStarted,
    NodeWarning,
    Record,
    RunFinished,
    RunStarted,
    RunWarning,
    Scope,
    Sums,
)
from engine.log.events.timestamps import moment
from engine.log.events.usage_totals import UsageTotals, add
from engine.log.humanize import sum_of


class NodeStatus(str, Enum):
    """The status of a node or an item."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    CACHED = "cached"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


ENDED = frozenset(NodeStatus) - {NodeStatus.PENDING, NodeStatus.RUNNING}


class NodeView(Struct):
    """One vertex of the graph. Times are ISO-8601 UTC, durations milliseconds.

    `items` is the number of parts of a fan-out, pipeline, loop (at most) or nested experience, else None.
    """

    node_id: str
    status: NodeStatus = NodeStatus.PENDING
    started_at: str | None = None
    ended_at: str | None = None
    duration_ms: float | None = None
    error: ErrorInfo | None = None
    reason: str | None = None
    activity: str | None = None
    attempts: int = 0
    items: int | None = None
    counts: Counts | None = None
    item_counts: Counter[NodeStatus] = field(default_factory=Counter)
    spent: Sums = Sums()

    @property
    def items_ended(self) -> int:
        """The number of parts that have ended."""
        return sum(self.item_counts[status] for status in ENDED)

    def effective_status(self) -> NodeStatus:
        """The status; cached for a vertex whose parts were all restored or skipped."""
        restored = self.status is NodeStatus.COMPLETED and self.counts is not None and _only_cached(self.counts)
        return NodeStatus.CACHED if restored else self.status


class RunView(Struct):
    """A run as far as its log goes. `seq` is that of the last record, -1 before the first."""

    run_id: str = ""
    seq: int = -1
    started: RunStarted | None = None
    started_at: str | None = None
    last_at: str | None = None
    finished: RunFinished | None = None
    nodes: dict[str, NodeView] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    _usage: UsageTotals = field(default_factory=UsageTotals)
    _ended: Counter[NodeStatus] = field(default_factory=Counter)
    _tolerant: dict[tuple[tuple[Scope, ...], str], Counts] = field(default_factory=dict)

    def apply(self, record: Record) -> None:
        """Add the next record."""
        self.seq, self.last_at = record.seq, record.ts
        event = record.event
        if isinstance(event, RunStarted):
            self.run_id, self.started, self.started_at = record.run_id, event, record.ts
            self.nodes = {node_id: NodeView(node_id) for node_id in event.nodes}
        elif isinstance(event, RunFinished):
            self.finished = event
        elif isinstance(event, RunWarning):
            self.warnings.append(event.message)
        else:
            self._apply_node(event, record.ts)

    def _apply_node(self, event: NodeEvent, ts: str) -> None:
        vertex = event.scope[0].id if event.scope else event.node_id
        node = self.nodes.get(vertex)
        if node is None:
            node = self.nodes[vertex] = NodeView(vertex)
        used = self._usage.add_event(event)
        if used is not None:
            node.spent = add(node.spent, used)
        self._note_failed_items(event)
        if isinstance(event, NodeActivity):
            node.activity = event.activity
        elif isinstance(event, NodeWarning):
            self.warnings.append(f"{event.node_id}: {event.message}")
        elif isinstance(event, NodeAttempt):
            node.attempts = max(node.attempts, event.attempt)
        elif not event.scope:
            self._apply_vertex(node, event, ts)
        elif len(event.scope) == 1:  # deeper ones are parts of parts
            _apply_item(node, event)

    def _apply_vertex(self, node: NodeView, event: Event, ts: str) -> None:
        status = _STATUS_OF.get(type(event))
        if status is None:
            return
        node.status = status
        if isinstance(event, NodeStarted):
            node.started_at, node.items = ts, event.items
            return
        node.ended_at, node.activity = ts, None
        if isinstance(event, (NodeCached, NodeCompleted, NodeFailed)):
            node.duration_ms = event.duration_ms
        if isinstance(event, (NodeCompleted, NodeFailed)) and event.counts is not None:
            node.counts = event.counts
            node.items = sum_of(event.counts)
        if isinstance(event, NodeFailed):
            node.error = event.error
        if isinstance(event, (NodeSkipped, NodeCancelled)):
            node.reason = event.reason
        self._ended[node.effective_status()] += 1

    @property
    def inherited(self) -> Sums:
        """The cost of restored outcomes in the runs that executed them."""
        return self._usage.inherited

    @property
    def spent(self) -> Sums:
        """The cost of this run, including executions that failed, were cancelled or have not ended."""
        return self._usage.spent

    @property
    def lineage(self) -> Sums:
        """The cost of this run and of those that it resumes."""
        before = self.started.lineage.spent if self.started is not None and self.started.lineage is not None else Sums()
        return add(before, self.spent)

    @property
    def total(self) -> int:
        """The number of vertices."""
        return len(self.nodes)

    @property
    def ended(self) -> int:
        """The number of vertices that have ended."""
        return sum(self._ended.values())

    @property
    def counts(self) -> Counts:
        """The number of vertices by outcome; a fan-out of only restored items is cached."""
        return Counts(
            completed=self._ended[NodeStatus.COMPLETED],
            cached=self._ended[NodeStatus.CACHED],
            failed=self._ended[NodeStatus.FAILED],
            skipped=self._ended[NodeStatus.SKIPPED],
            cancelled=self._ended[NodeStatus.CANCELLED],
        )

    @property
    def failed_items(self) -> FailedItems:
        """The failed items of fan-outs that completed nevertheless, at any depth."""
        fan_outs = self._tolerant.values()
        return FailedItems(sum(counts.failed for counts in fan_outs), sum(map(sum_of, fan_outs)))

    def _note_failed_items(self, event: NodeEvent) -> None:
        if isinstance(event, NodeCompleted) and event.counts is not None:
            self._tolerant.pop((event.scope, event.node_id), None)
            if event.counts.failed:  # only fan-outs complete with failed parts
                self._tolerant[event.scope, event.node_id] = event.counts
        elif isinstance(event, NodeAttempt) and self._tolerant:  # a nested experience starts again
            depth = len(event.scope)
            self._tolerant = {
                (scope, node_id): counts
                for (scope, node_id), counts in self._tolerant.items()
                if not (len(scope) > depth and scope[:depth] == event.scope and scope[depth].id == event.node_id)
            }

    @property
    def failed_at(self) -> NodeView | None:
        """The first vertex that failed, in topological order."""
        return next((node for node in self.nodes.values() if node.status is NodeStatus.FAILED), None)

    @property
    def duration_ms(self) -> float | None:
        """The time from run.started to the end, or to the last line so far."""
        if self.finished is not None:
            return self.finished.duration_ms
        if self.started_at is None or self.last_at is None:
            return None
        return (moment(self.last_at) - moment(self.started_at)).total_seconds() * 1000


_STATUS_OF: dict[type[Event], NodeStatus] = {
    NodeStarted: NodeStatus.RUNNING,
    NodeCached: NodeStatus.CACHED,
    NodeCompleted: NodeStatus.COMPLETED,
    NodeFailed: NodeStatus.FAILED,
    NodeSkipped: NodeStatus.SKIPPED,
    NodeCancelled: NodeStatus.CANCELLED,
}


def fold(records: tuple[Record, ...]) -> RunView:
    """The view of a whole log."""
    view = RunView()
    for record in records:
        view.apply(record)
    return view


def _only_cached(counts: Counts) -> bool:
    return counts.cached > 0 and not (counts.completed or counts.failed or counts.cancelled)


def _apply_item(node: NodeView, event: Event) -> None:
    status = _STATUS_OF.get(type(event))
    if status is None:
        return
    if isinstance(event, NodeCompleted) and event.counts is not None and _only_cached(event.counts):
        status = NodeStatus.CACHED
    if (
        status in ENDED
        and node.item_counts[NodeStatus.RUNNING] > 0
        and not isinstance(event, (NodeCached, NodeSkipped))
    ):
        node.item_counts[NodeStatus.RUNNING] -= 1
    node.item_counts[status] += 1
