"""Runs on disk as an engine leaves them, ended or under way, written by the engine's own writer and lock."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from engine.log.events.events import (
    ErrorInfo,
    Event,
    ExperienceRef,
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
