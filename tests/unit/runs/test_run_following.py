"""A run's log is followed from wherever it is to its end (oe_lsp/runs/follow.py, feed.py)."""

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
from tests.support.written_runs import WriteRun

SECONDS = 10


class Heard:
    """A listener that writes down what it hears, a word for each; `until` waits for a word."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.changed: list[Path] = []
        self._news = asyncio.Event()

    def run_began(self, run: FollowedRun) -> None:
        self._hear(f"began at {run.view.seq}")

    def run_advanced(self, run: FollowedRun, record: Record) -> None:
        self._hear(f"{record.event.type}")

    def run_ended(self, run: FollowedRun) -> None:
        summary = run.summary(alive=False)
        assert summary is not None
        self._hear(f"ended {summary.state.value}")

    def list_changed(self, folder: Path) -> None:
        self.changed.append(folder)
        self._news.set()

    def unreadable(self, folder: Path, error: OSError) -> None:
        self._hear(f"{folder.name}: {error.strerror}")

    def _hear(self, word: str) -> None:
        self.words.append(word)
        self._news.set()

    async def until(self, word: str) -> None:
        async def hear() -> None:
            while word not in self.words:
                self._news.clear()
                await self._news.wait()

        await asyncio.wait_for(hear(), SECONDS)

    async def until_looked(self) -> None:
        async def look() -> None:
            while not self.changed:
                self._news.clear()
                await self._news.wait()

        await asyncio.wait_for(look(), SECONDS)


@pytest.fixture
async def heard(tmp_path: Path) -> AsyncIterator[Heard]:
    """What is heard of the runs in `tmp_path`, once `feed` watches them."""
    heard = Heard()
    yield heard


@pytest.fixture
async def feed(heard: Heard) -> AsyncIterator[RunFeed]:
    feed = RunFeed(heard, heard.list_changed, heard.unreadable)
    feed.start()
    yield feed
    await feed.close()


async def test_a_run_that_was_started_elsewhere_is_told_from_its_first_line(
    tmp_path: Path, heard: Heard, feed: RunFeed, write_run: WriteRun
) -> None:
    feed.set_folders([tmp_path])
    await heard.until_looked()

    run = write_run().begin("fetch")
    await heard.until("run.started")
    run.complete("fetch").finish(RunStatus.SUCCESS)
    await heard.until("ended success")

    assert heard.words == ["began at 0", "run.started", "node.completed", "run.finished", "ended success"]


async def test_a_run_that_was_over_before_it_was_seen_is_told_as_well_when_it_is_new(
    tmp_path: Path, heard: Heard, feed: RunFeed, write_run: WriteRun
) -> None:
    feed.set_folders([tmp_path])
    await heard.until_looked()

    write_run().begin("fetch").complete("fetch").finish(RunStatus.SUCCESS)
    await heard.until("ended success")

    assert heard.words == ["began at 0", "run.started", "node.completed", "run.finished", "ended success"]


async def test_a_run_under_way_is_picked_up_where_it_is(
    tmp_path: Path, heard: Heard, feed: RunFeed, write_run: WriteRun
) -> None:
    run = write_run(at=datetime.now(timezone.utc) - timedelta(minutes=1)).begin("fetch", "clean").complete("fetch")

    feed.set_folders([tmp_path])
    await heard.until("began at 1")
    run.complete("clean").finish(RunStatus.SUCCESS)
    await heard.until("ended success")

    assert heard.words == ["began at 1", "node.completed", "run.finished", "ended success"]


async def test_a_run_that_ended_before_the_feed_began_is_only_in_the_list(
    tmp_path: Path, heard: Heard, feed: RunFeed, write_run: WriteRun
) -> None:
    write_run(at=datetime.now(timezone.utc) - timedelta(minutes=1)).begin("fetch").finish(RunStatus.SUCCESS)

    feed.set_folders([tmp_path])
    await heard.until_looked()

    assert heard.changed == [tmp_path]
    assert heard.words == []


async def test_a_run_whose_engine_dies_ends_interrupted(
    tmp_path: Path, heard: Heard, feed: RunFeed, write_run: WriteRun
) -> None:
    feed.set_folders([tmp_path])
    run = write_run().begin("fetch")
    await heard.until("run.started")

    run.die()
    await heard.until("ended interrupted")

    assert feed.followed() == ()


async def test_a_followed_run_is_known_without_reading_its_log_again(
    tmp_path: Path, heard: Heard, feed: RunFeed, write_run: WriteRun
) -> None:
    feed.set_folders([tmp_path])
    run = write_run().begin("fetch", "clean").complete("fetch")
    await heard.until("node.completed")

    summary = feed.summaries()[run.run_id]

    assert (summary.state, summary.ended, summary.total) == (RunState.RUNNING, 1, 2)


async def test_closing_the_feed_leaves_the_run_alone(
    tmp_path: Path, heard: Heard, feed: RunFeed, write_run: WriteRun
) -> None:
    feed.set_folders([tmp_path])
    run = write_run().begin("fetch")
    await heard.until("run.started")

    await feed.close()

    assert "ended interrupted" not in heard.words
    assert not run.store.cancel(run.run_id).exists()


def test_cancelling_asks_once_each_time_it_is_called(write_run: WriteRun) -> None:
    run = write_run().begin("fetch")

    assert request_cancel(run.store, run.run_id)
    assert request_cancel(run.store, run.run_id)

    assert run.store.cancel(run.run_id).read_text() == "xx"


def test_a_run_that_is_over_cannot_be_cancelled(write_run: WriteRun) -> None:
    run = write_run().begin("fetch").finish(RunStatus.SUCCESS)

    assert not request_cancel(run.store, run.run_id)

    assert not run.store.cancel(run.run_id).exists()


async def test_others_get_their_turn_while_a_long_log_is_told(
    tmp_path: Path, heard: Heard, feed: RunFeed, write_run: WriteRun
) -> None:
    # Given a long run that is written in one go while the feed watches
    nodes = [f"node{number}" for number in range(300)]
    feed.set_folders([tmp_path])
    await heard.until_looked()
    run = write_run().begin(*nodes)
    await heard.until("run.started")

    for node in nodes:
        run.complete(node)
    told = []
    while "node.completed" not in heard.words or len(heard.words) < 302:
        told.append(len(heard.words))
        await asyncio.sleep(0)

    # Then it was told in parts, between which this test had its turn
    assert len({count for count in told if 2 < count < 302}) > 3


async def test_a_folder_that_may_not_be_read_costs_only_itself_and_is_told_once(heard: Heard, feed: RunFeed) -> None:
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
            await heard.until("closed: Permission denied")
            (closed / "experience.yaml").touch()
            heard.changed.clear()
            write_log(RunStore(other), STARTED, SUCCESS)
            await heard.until_looked()

    assert heard.changed[0] == other
    assert heard.words.count("closed: Permission denied") == 1
