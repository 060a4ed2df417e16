"""A run's log is followed to its end (oe_lsp/runs/follow.py, feed.py)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from engine.log.events.events import Record, RunStatus
from engine.log.reading.summary import RunState
from engine.log.storage.cancel_file import request_cancel
from engine.log.storage.run_store import RunStore
from oe_lsp.runs.feed import RunFeed
from oe_lsp.runs.follow import FollowedRun
from tests.support.permissions import closed_to_us, shared_folder
from tests.support.written_logs import STARTED, SUCCESS, write_log
from tests.support.written_runs import WriteRun, WrittenRun

SECONDS = 10


class Events:
    """A listener that records events, a word for each; `until` waits for a word."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.changed: list[Path] = []
        self._received = asyncio.Event()

    def run_began(self, run: FollowedRun) -> None:
        self._add(f"began at {run.view.seq}")

    def run_advanced(self, run: FollowedRun, record: Record) -> None:
        self._add(f"{record.event.type}")

    def run_ended(self, run: FollowedRun) -> None:
        summary = run.summary(alive=False)
        assert summary is not None
        self._add(f"ended {summary.state.value}")

    def list_changed(self, folder: Path) -> None:
        self.changed.append(folder)
        self._received.set()

    def unreadable(self, folder: Path, error: OSError) -> None:
        self._add(f"{folder.name}: {error.strerror}")

    def _add(self, word: str) -> None:
        self.words.append(word)
        self._received.set()

    async def until(self, word: str) -> None:
        async def wait_for_word() -> None:
            while word not in self.words:
                self._received.clear()
                await self._received.wait()

        await asyncio.wait_for(wait_for_word(), SECONDS)

    async def until_looked(self) -> None:
        async def look() -> None:
            while not self.changed:
                self._received.clear()
                await self._received.wait()

        await asyncio.wait_for(look(), SECONDS)


@pytest.fixture
async def events(tmp_path: Path) -> AsyncIterator[Events]:
    """The events of the runs in `tmp_path`, once `feed` watches them."""
    events = Events()
    yield events


@pytest.fixture
async def feed(events: Events) -> AsyncIterator[RunFeed]:
    feed = RunFeed(events, events.list_changed, events.unreadable)
    feed.start()
    yield feed
    await feed.close()


async def test_a_run_started_elsewhere_is_reported_from_its_first_line(
    tmp_path: Path, events: Events, feed: RunFeed, write_run: WriteRun
) -> None:
    feed.set_folders([tmp_path])
    await events.until_looked()

    run = write_run().begin("fetch")
    await events.until("run.started")
    run.complete("fetch").finish(RunStatus.SUCCESS)
    await events.until("ended success")

    assert events.words == ["began at 0", "run.started", "node.completed", "run.finished", "ended success"]


async def test_a_new_run_that_ended_before_it_was_found_is_reported(
    tmp_path: Path, events: Events, feed: RunFeed, write_run: WriteRun
) -> None:
    feed.set_folders([tmp_path])
    await events.until_looked()

    write_run().begin("fetch").complete("fetch").finish(RunStatus.SUCCESS)
    await events.until("ended success")

    assert events.words == ["began at 0", "run.started", "node.completed", "run.finished", "ended success"]


async def test_a_run_that_was_already_running_is_reported_from_its_current_line(
    tmp_path: Path, events: Events, feed: RunFeed, write_run: WriteRun
) -> None:
    run = write_run(at=datetime.now(timezone.utc) - timedelta(minutes=1)).begin("fetch", "clean").complete("fetch")

    feed.set_folders([tmp_path])
    await events.until("began at 1")
    run.complete("clean").finish(RunStatus.SUCCESS)
    await events.until("ended success")

    assert events.words == ["began at 1", "node.completed", "run.finished", "ended success"]


async def test_a_run_that_ended_before_the_feed_started_is_only_listed(
    tmp_path: Path, events: Events, feed: RunFeed, write_run: WriteRun
) -> None:
    write_run(at=datetime.now(timezone.utc) - timedelta(minutes=1)).begin("fetch").finish(RunStatus.SUCCESS)

    feed.set_folders([tmp_path])
    await events.until_looked()

    assert events.changed == [tmp_path]
    assert events.words == []


async def test_a_run_whose_engine_dies_ends_interrupted(
    tmp_path: Path, events: Events, feed: RunFeed, write_run: WriteRun
) -> None:
    feed.set_folders([tmp_path])
    run = write_run().begin("fetch")
    await events.until("run.started")

    run.die()
    await events.until("ended interrupted")

    assert feed.followed() == ()


async def test_the_summary_of_a_followed_run_needs_no_reading(
    tmp_path: Path, events: Events, feed: RunFeed, write_run: WriteRun
) -> None:
    feed.set_folders([tmp_path])
    run = write_run().begin("fetch", "clean").complete("fetch")
    await events.until("node.completed")

    summary = feed.summaries()[run.run_id]

    assert (summary.state, summary.ended, summary.total) == (RunState.RUNNING, 1, 2)


async def test_a_run_that_begins_in_the_millisecond_of_the_feed_is_new(tmp_path: Path, events: Events) -> None:
    now = datetime(2026, 3, 1, 12, 0, 0, 999_900, tzinfo=timezone.utc)
    feed = RunFeed(events, events.list_changed, events.unreadable, clock=lambda: now)
    run = WrittenRun(tmp_path, clock=lambda: now).begin("fetch")
    feed.start()
    feed.set_folders([tmp_path])
    try:
        await events.until("run.started")
    finally:
        run.close()
        await feed.close()


async def test_closing_the_feed_leaves_the_run_alone(
    tmp_path: Path, events: Events, feed: RunFeed, write_run: WriteRun
) -> None:
    feed.set_folders([tmp_path])
    run = write_run().begin("fetch")
    await events.until("run.started")

    await feed.close()

    assert "ended interrupted" not in events.words
    assert not run.store.cancel(run.run_id).exists()


def test_each_cancel_adds_one_request(write_run: WriteRun) -> None:
    run = write_run().begin("fetch")

    assert request_cancel(run.store, run.run_id)
    assert request_cancel(run.store, run.run_id)

    assert run.store.cancel(run.run_id).read_text() == "xx"


def test_a_run_that_is_over_cannot_be_cancelled(write_run: WriteRun) -> None:
    run = write_run().begin("fetch").finish(RunStatus.SUCCESS)

    assert not request_cancel(run.store, run.run_id)

    assert not run.store.cancel(run.run_id).exists()


async def test_a_long_log_does_not_block_other_tasks(
    tmp_path: Path, events: Events, feed: RunFeed, write_run: WriteRun
) -> None:
    # Given a long run that is written in one go while the feed watches
    nodes = [f"node{number}" for number in range(300)]
    feed.set_folders([tmp_path])
    await events.until_looked()
    run = write_run().begin(*nodes)
    await events.until("run.started")

    for node in nodes:
        run.complete(node)
    counts = []
    while "node.completed" not in events.words or len(events.words) < 302:
        counts.append(len(events.words))
        await asyncio.sleep(0)

    # Then it was reported in parts, between which this test had its turn
    assert len({count for count in counts if 2 < count < 302}) > 3


async def test_an_unreadable_folder_is_reported_once_and_affects_no_other(events: Events, feed: RunFeed) -> None:
    with shared_folder() as shared:
        closed, other = shared / "closed", shared / "other"
        for folder in (closed, other):
            folder.mkdir(mode=0o777)
            folder.chmod(0o777)
            RunStore(folder).prepare()
            RunStore(folder).runs.chmod(0o777)
            RunStore(folder).data.chmod(0o777)
        with closed_to_us(RunStore(closed).data):
            feed.set_folders([closed, other])
            await events.until("closed: Permission denied")
            (closed / "experience.yaml").touch()
            events.changed.clear()
            write_log(RunStore(other), STARTED, SUCCESS)
            await events.until_looked()

    assert events.changed[0] == other
    assert events.words.count("closed: Permission denied") == 1
