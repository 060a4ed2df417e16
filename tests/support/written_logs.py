"""Logs as engines leave them, of any length, written at once."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone

from engine.log.events.codec import encode
from engine.log.events.events import (
    Counts,
    ErrorInfo,
    Event,
    ExperienceRef,
    FailedItems,
    NodeCompleted,
    NodeFailed,
    Output,
    Record,
    RunFinished,
    RunStarted,
    RunStatus,
    RunWarning,
    Sums,
)
from engine.log.storage.run_store import RunStore
from engine.log.writing.writer import timestamp

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
STARTED = RunStarted(experience=ExperienceRef("city-report", "1.0.0", "/x/experience.yaml"), nodes=("a", "b"))
COMPLETED = NodeCompleted(node_id="a", attempt_id="x", input_hash="h", output=Output({}), duration_ms=1.0)
FAILED = NodeFailed(node_id="b", error=ErrorInfo("ValueError", "no bread"))
SUCCESS = RunFinished(
    status=RunStatus.SUCCESS,
    counts=Counts(completed=2),
    failed_items=FailedItems(),
    spent=Sums(0.5, 10, 20),
    lineage=Sums(0.5),
    duration_ms=99.0,
)
FAILURE = RunFinished(
    status=RunStatus.FAILURE,
    failed_at="b",
    error=FAILED.error,
    counts=Counts(completed=1, failed=1),
    duration_ms=99.0,
)


def write_log(store: RunStore, *events: Event, run_id: str | None = None) -> str:
    """Write a log of these events, a second apart from noon on; returns the id of its run."""
    run_id = run_id or str(uuid.uuid4())
    store.prepare()
    store.log(run_id).write_bytes(b"".join(_lines(run_id, events)))
    return run_id


def padding(size: int) -> list[Event]:
    """So many bytes of events, at least, that say nothing about how the run went."""
    return [RunWarning(message="x" * 1000)] * (size // 1000 + 1)


def _lines(run_id: str, events: tuple[Event, ...]) -> list[bytes]:
    return [
        encode(Record(seq=seq, ts=timestamp(NOON + timedelta(seconds=seq)), run_id=run_id, event=event))
        for seq, event in enumerate(events)
    ]
