"""The runs that the editor shows (oe_lsp/runs/summaries.py); how they are read: tests/unit/log/test_index.py."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from engine.log.events.events import ExperienceRef, RunStarted, RunStatus
from engine.log.reading.reader import UnreadableLogError
from engine.log.reading.summary import RunState
from engine.log.storage.run_store import RunStore
from oe_lsp.runs.summaries import newest_runs, read_run
from tests.support.written_runs import WriteRun

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


def test_the_newest_run_comes_first(tmp_path: Path, write_run: WriteRun) -> None:
    old = write_run(at=NOON).begin("a").finish(RunStatus.SUCCESS)
    new = write_run(at=NOON + timedelta(hours=1)).begin("a").finish(RunStatus.SUCCESS)
    os.utime(old.store.log(old.run_id))

    runs = newest_runs(RunStore(tmp_path), 10, {})

    assert [run.run_id for run in runs] == [new.run_id, old.run_id]


def test_a_listing_is_limited(tmp_path: Path, write_run: WriteRun) -> None:
    for _ in range(3):
        write_run().begin("a").finish(RunStatus.SUCCESS)

    assert len(newest_runs(RunStore(tmp_path), 2, {})) == 2


def test_the_lock_distinguishes_running_from_interrupted_also_for_an_indexed_log(
    tmp_path: Path, write_run: WriteRun
) -> None:
    run = write_run().begin("a")

    states = [newest_runs(RunStore(tmp_path), 1, {})[0].state]
    run.die()
    states.append(newest_runs(RunStore(tmp_path), 1, {})[0].state)

    assert states == [RunState.RUNNING, RunState.INTERRUPTED]


@pytest.mark.parametrize("limit", [1, 10])
def test_a_log_that_is_unreadable_or_of_another_experience_hides_none(
    tmp_path: Path, write_run: WriteRun, limit: int
) -> None:
    good = write_run(at=NOON).begin("a").finish(RunStatus.SUCCESS)
    bad = write_run(at=NOON + timedelta(hours=1)).begin("a").finish(RunStatus.SUCCESS)
    bad.store.log(bad.run_id).write_text("rubbish\n")
    write_run().write(RunStarted(experience=ExperienceRef("other", "1.0.0", str(tmp_path / "other.yaml"))))

    runs = newest_runs(RunStore(tmp_path), limit, {}, "experience.yaml")

    assert [run.run_id for run in runs] == [good.run_id]


def test_an_experience_that_never_ran_has_no_runs(tmp_path: Path) -> None:
    assert newest_runs(RunStore(tmp_path), 10, {}) == []


def test_reading_an_unreadable_run_says_why(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.prepare()
    run_id = "00000000-0000-4000-8000-000000000000"

    with pytest.raises(FileNotFoundError):
        read_run(store, run_id)

    store.log(run_id).write_text("rubbish\n")
    with pytest.raises(UnreadableLogError, match=r"run\.started"):
        read_run(store, run_id)
