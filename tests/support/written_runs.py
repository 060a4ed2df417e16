"""Runs on disk as an engine leaves them, ended or under way, written by the engine's own writer and lock."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from engine import __version__
from engine.canonical import hash_bytes
from engine.experience.graph import build_graph
from engine.experience.load import load_alone
from engine.json_types import Json
from engine.log.events.events import (
    ErrorInfo,
    Event,
    ExperienceRef,
    Lineage,
    NodeCompleted,
    NodeFailed,
    Output,
    RunFinished,
    RunStarted,
    RunStatus,
)
from engine.log.reading.view import RunView
from engine.log.storage.lock import RunLock
from engine.log.storage.run_store import RunStore
from engine.log.writing.writer import LogWriter, timestamp, utc_now
from tests.support.timed_events import TimedEvent


class WrittenRun:
    """A run of the experience in `directory`, whose writer is this test."""

    def __init__(self, directory: Path, *, clock: Callable[[], datetime] = utc_now) -> None:
        self.store = RunStore(directory)
        self.store.prepare()
        self.run_id = str(uuid.uuid4())
        self._lock: RunLock | None = RunLock(self.store.lock(self.run_id), timestamp(clock()))
        self._view = RunView()
        self._writer = LogWriter(self.store.log(self.run_id), self.run_id, clock=clock)

    def write(self, *events: Event) -> WrittenRun:
        for event in events:
            self._view.apply(self._writer.append(event))
        return self

    def begin(self, *nodes: str, original: str | None = None) -> WrittenRun:
        path = str(self.store.directory / "experience.yaml")
        experience = ExperienceRef("city-report", "1.0.0", path)
        return self.write(RunStarted(experience=experience, nodes=nodes, original_run_id=original))

    def complete(self, node: str) -> WrittenRun:
        return self.write(
            NodeCompleted(node_id=node, attempt_id="a", input_hash="h", output=Output({}), duration_ms=1.0)
        )

    def fail(self, node: str, message: str) -> WrittenRun:
        return self.write(NodeFailed(node_id=node, error=ErrorInfo("FileNotFoundError", message)))

    def finish(self, status: RunStatus) -> WrittenRun:
        self.write(RunFinished(status=status, counts=self._view.counts, duration_ms=2100.0))
        return self.die()

    def die(self) -> WrittenRun:
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        return self

    def close(self) -> None:
        self.die()
        self._writer.close()


class TimedRun(WrittenRun):
    """A run of the experience.yaml in `directory`, which began at `at`, and whose events say when they happened."""

    def __init__(
        self, directory: Path, at: datetime, args: Mapping[str, Json] | None = None, original: str | None = None
    ) -> None:
        self._began = self._now = at
        super().__init__(directory, clock=lambda: self._now)
        loaded = load_alone(directory)
        experience = loaded.experience
        self.write(
            RunStarted(
                args=args or {},
                experience=ExperienceRef(experience.name, experience.version, str(loaded.path)),
                nodes=tuple(build_graph(experience).order),
                spec_hash=hash_bytes(loaded.text.encode()),
                original_run_id=original,
                lineage=Lineage(original or self.run_id),
                engine=f"oe-lsp {__version__}",
                pid=os.getpid(),
                host="host-of-a-test",
            )
        )

    def play(self, events: Iterable[TimedEvent]) -> TimedRun:
        """Write events, which are in the order of their times."""
        for milliseconds, event in events:
            self._now = self._began + timedelta(milliseconds=milliseconds)
            self.write(event)
        return self

    def end(self, status: RunStatus, reason: str | None = None) -> TimedRun:
        """The run ends right after the last event, and has the sums of all."""
        failed, view = self._view.failed_at, self._view
        self.write(
            RunFinished(
                status=status,
                reason=reason or (f"failed at {failed.node_id}" if failed is not None else None),
                failed_at=failed.node_id if failed is not None else None,
                error=failed.error if failed is not None else None,
                counts=view.counts,
                failed_items=view.failed_items,
                spent=view.spent,
                inherited=view.inherited,
                lineage=view.lineage,
                duration_ms=(self._now - self._began).total_seconds() * 1000,
            )
        )
        self.close()
        return self


WriteRun = Callable[..., WrittenRun]


@pytest.fixture
def write_run(tmp_path: Path) -> Iterator[WriteRun]:
    """Makes runs in `tmp_path`; what is still under way at the test's end dies then."""
    runs: list[WrittenRun] = []

    def write(directory: Path = tmp_path, *, at: datetime | None = None) -> WrittenRun:
        clock = utc_now if at is None else lambda: at.astimezone(timezone.utc)
        run = WrittenRun(directory, clock=clock)
        runs.append(run)
        return run

    yield write
    for run in runs:
        run.close()
