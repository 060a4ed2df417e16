"""A run as lists show it: a projection of its folded log, and the reading of it from a folder of runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from engine.log.events import Counts, ErrorInfo, Sums
from engine.log.lock import is_held
from engine.log.reader import UnreadableLogError, read_log
from engine.log.store import RunStore
from engine.log.view import RunView, fold, parse_timestamp


class RunState(str, Enum):
    """How a run stands. The first four end a log; the lock tells the other two apart (docs/design.md, The run log)."""

    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLED = "cancelled"
    WAITING = "waiting"
    RUNNING = "running"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run. `total` is the number of nodes, `duration_ms` milliseconds, `error` that of the node `failed_at`.

    `spent` is what it spent itself, `inherited` what restoring spared it, `lineage` the sum with the runs before.
    """

    run_id: str
    state: RunState
    experience: str
    file_name: str
    started_at: datetime
    last_event_at: datetime
    counts: Counts
    total: int
    duration_ms: float | None = None
    failed_at: str | None = None
    error: ErrorInfo | None = None
    reason: str | None = None
    original_run_id: str | None = None
    spent: Sums = Sums()
    inherited: Sums = Sums()
    lineage: Sums = Sums()

    @property
    def is_running(self) -> bool:
        """Whether an engine is at work on it."""
        return self.state is RunState.RUNNING

    @property
    def short_id(self) -> str:
        """The eight digits that people see."""
        return self.run_id[:8]

    @property
    def ended(self) -> int:
        """How many nodes are done with."""
        counts = self.counts
        return counts.cached + counts.completed + counts.failed + counts.skipped + counts.cancelled


def summarise(view: RunView, *, alive: bool) -> RunSummary | None:
    """The summary of a folded log; None before its run.started. `alive`: whether the run's lock is held."""
    if view.started is None or view.started_at is None or view.last_at is None:
        return None
    experience = view.started.experience
    failed = view.failed_at
    return RunSummary(
        run_id=view.run_id,
        state=_state(view, alive=alive),
        experience=experience.name if experience else "experience",
        file_name=_file_name(experience.path) if experience else "",
        started_at=parse_timestamp(view.started_at),
        last_event_at=parse_timestamp(view.last_at),
        counts=view.counts,
        total=view.total,
        duration_ms=view.duration_ms,
        failed_at=failed.node_id if failed else None,
        error=failed.error if failed else None,
        reason=view.finished.reason if view.finished else None,
        original_run_id=view.started.original_run_id,
        spent=view.spent,
        inherited=view.inherited,
        lineage=view.lineage,
    )


def read_summaries(store: RunStore, run_ids: Iterable[str]) -> list[RunSummary]:
    """The summaries of these runs, in this order; a log that cannot be read is left out. Reads files."""
    read = (_read(store, run_id) for run_id in run_ids)
    return [summary for summary in read if summary is not None]


def _read(store: RunStore, run_id: str) -> RunSummary | None:
    # The lock first: a run that ends in between is then seen ended, not interrupted.
    alive = is_held(store.lock(run_id))
    try:
        return summarise(fold(read_log(store.log(run_id)).records), alive=alive)
    except (UnreadableLogError, OSError):
        return None


def _state(view: RunView, *, alive: bool) -> RunState:
    if view.finished is not None:
        return RunState(view.finished.status.value)
    return RunState.RUNNING if alive else RunState.INTERRUPTED


def _file_name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]
