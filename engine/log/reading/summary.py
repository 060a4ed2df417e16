"""The summary of a run, as lists show it, from its whole log or from the first and last line."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from msgspec import Struct, field

from engine.log.events.counters import BudgetReached, Counts, ErrorInfo, FailedItems, Sums
from engine.log.events.timestamps import moment
from engine.log.humanize import budget_text, failed_items_text
from engine.log.reading.view import RunView


class RunState(str, Enum):
    """The state of a run. Without an end in the log, the lock decides (docs/design.md, The run log)."""

    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLED = "cancelled"
    WAITING = "waiting"
    RUNNING = "running"
    INTERRUPTED = "interrupted"


class RunSummary(Struct, frozen=True, rename="camel"):
    """One run. `total` counts its nodes, `duration_ms` is in milliseconds, `error` is that of the node `failed_at`.

    `failed_items` are those that fan-outs tolerated. `spent` is the cost of this run, `inherited` the cost that
    restoring saved, `lineage` the cost of this run and those that it resumes. `budget` is what ended it, if one did.
    A run of `kind` isolated ran only the node `address`.
    """

    run_id: str
    state: RunState = field(name="status")
    experience: str
    file_name: str
    started_at: datetime
    last_event_at: datetime
    counts: Counts
    total: int = field(name="nodes")
    failed_items: FailedItems = FailedItems()
    duration_ms: float | None = None
    failed_at: str | None = None
    error: ErrorInfo | None = None
    reason: str | None = None
    original_run_id: str | None = None
    kind: str | None = None
    address: str | None = None
    spent: Sums = Sums()
    inherited: Sums = Sums()
    lineage: Sums = Sums()
    budget: BudgetReached | None = None

    @property
    def why(self) -> str | None:
        """The reason for its state, for people."""
        return self.reason if self.budget is None else budget_text(self.budget)

    @property
    def outcome(self) -> str:
        """The state, with the failed items of a run that succeeded: `success, 2 of 5 items failed`."""
        return ", ".join(filter(None, (self.state.value, self.failed_items_text)))

    @property
    def status_text(self) -> str:
        """The outcome with its place: `failure at review`, `success, isolated review[7]`."""
        status = f"{self.state.value} at {self.failed_at}" if self.failed_at else self.outcome
        return status if self.kind is None else f"{status}, {self.kind} {self.address}"

    @property
    def failed_items_text(self) -> str:
        """`2 of 5 items failed` for a run that succeeded nevertheless; else empty."""
        items = self.failed_items
        return failed_items_text(items.failed, items.total) if self.state is RunState.SUCCESS else ""

    @property
    def follows(self) -> str | None:
        """`resumes run 4f3a…`, or `isolated review[7] of run 4f3a…`; None for a run that follows no other."""
        if self.original_run_id is None:
            return None
        return f"{'resumes' if self.kind is None else f'{self.kind} {self.address} of'} run {self.original_run_id}"

    @property
    def is_running(self) -> bool:
        """Whether an engine is executing it."""
        return self.state is RunState.RUNNING

    @property
    def has_ended(self) -> bool:
        """Whether its log has its last line."""
        return self.state not in (RunState.RUNNING, RunState.INTERRUPTED)

    @property
    def short_id(self) -> str:
        """The first eight digits of the id."""
        return self.run_id[:8]

    @property
    def ended(self) -> int:
        """How many nodes have ended."""
        counts = self.counts
        return counts.cached + counts.completed + counts.failed + counts.skipped + counts.cancelled


def summarise(view: RunView, *, alive: bool) -> RunSummary | None:
    """The summary of a folded log; None before its run.started. `alive`: whether the run's lock is held.

    The figures of its last line win, if there is one; then the fold of the first and the last line suffices.
    """
    if view.started is None or view.started_at is None or view.last_at is None:
        return None
    experience, finished, failed = view.started.experience, view.finished, view.failed_at
    figures = view if finished is None else finished
    return RunSummary(
        run_id=view.run_id,
        state=_state(view, alive=alive),
        experience=experience.name if experience else "experience",
        file_name=file_name_in(experience.path) if experience else "",
        started_at=moment(view.started_at),
        last_event_at=moment(view.last_at),
        counts=figures.counts,
        total=view.total,
        failed_items=view.failed_items if figures.failed_items is None else figures.failed_items,
        duration_ms=view.duration_ms,
        failed_at=failed.node_id if failed else finished.failed_at if finished else None,
        error=failed.error if failed else finished.error if finished else None,
        reason=finished.reason if finished else None,
        original_run_id=view.started.original_run_id,
        kind=view.started.kind,
        address=view.started.address,
        spent=figures.spent,
        inherited=figures.inherited,
        lineage=figures.lineage,
        budget=finished.budget if finished else None,
    )


def _state(view: RunView, *, alive: bool) -> RunState:
    if view.finished is not None:
        return RunState(view.finished.status.value)
    return RunState.RUNNING if alive else RunState.INTERRUPTED


def file_name_in(path: str) -> str:
    """The name of the file at a logged path."""
    return path.replace("\\", "/").rpartition("/")[2]
