"""Runs folders are watched, also before they exist (engine/log/reading/runs_watch.py)."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from engine.log.reading.runs_watch import RunsWatch
from engine.log.storage.run_store import RunStore

SECONDS = 10


class Changes:
    """The folders that a watch reported; `next` waits for one."""

    def __init__(self, followed: frozenset[str] = frozenset()) -> None:
        self.reported: asyncio.Queue[Path] = asyncio.Queue()
        self.watch = RunsWatch(self.reported.put_nowait, followed.__contains__)

    async def next(self) -> Path:
        return await asyncio.wait_for(self.reported.get(), SECONDS)

    @asynccontextmanager
    async def watching(self, *folders: Path) -> AsyncIterator[None]:
        """Until here every folder was told once: the watches are set up."""
        self.watch.set_folders(folders)
        task = asyncio.create_task(self.watch.run())
        try:
            for _ in folders:
                await self.next()
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def write_log(folder: Path, name: str = "4f3a1b2c-1111-4222-8333-444455556666") -> Path:
    store = RunStore(folder)
    store.prepare()
    log = store.runs / f"{name}.jsonl"
    log.write_text("{}\n")
    return log


async def test_a_folder_is_reported_once_when_its_watch_starts(tmp_path: Path) -> None:
    changes = Changes()

    async with changes.watching(tmp_path):
        assert changes.reported.empty()


async def test_the_first_run_of_an_experience_is_reported(tmp_path: Path) -> None:
    changes = Changes()

    async with changes.watching(tmp_path):
        write_log(tmp_path)

        assert await changes.next() == tmp_path


async def test_a_log_that_is_created_changed_or_deleted_is_reported(tmp_path: Path) -> None:
    log = write_log(tmp_path)
    changes = Changes()

    async with changes.watching(tmp_path):
        with log.open("a") as file:
            file.write("{}\n")
        assert await changes.next() == tmp_path

        log.unlink()
        assert await changes.next() == tmp_path


async def test_only_the_folder_that_changed_is_reported(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_log(tmp_path / name)
    changes = Changes()

    async with changes.watching(tmp_path / "one", tmp_path / "two"):
        write_log(tmp_path / "two", "5f3a1b2c-1111-4222-8333-444455556666")

        assert await changes.next() == tmp_path / "two"


async def test_growth_of_a_followed_log_is_not_reported(tmp_path: Path) -> None:
    followed = write_log(tmp_path)
    changes = Changes(frozenset({followed.stem}))

    async with changes.watching(tmp_path):
        with followed.open("a") as file:
            file.write("{}\n")
        other = write_log(tmp_path, "5f3a1b2c-1111-4222-8333-444455556666")

        assert await changes.next() == tmp_path
        assert other.exists()
        assert changes.reported.empty()


async def test_a_deleted_runs_folder_is_watched_again_once_it_is_back(tmp_path: Path) -> None:
    write_log(tmp_path)
    changes = Changes()

    async with changes.watching(tmp_path):
        shutil.rmtree(RunStore(tmp_path).data)
        assert await changes.next() == tmp_path

        write_log(tmp_path)
        assert await changes.next() == tmp_path


async def test_folders_can_be_added_while_watching(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    changes = Changes()

    async with changes.watching(tmp_path / "one"):
        changes.watch.set_folders([tmp_path / "one", tmp_path / "two"])

        assert {await changes.next(), await changes.next()} == {tmp_path / "one", tmp_path / "two"}


async def test_a_missing_folder_does_not_affect_others(tmp_path: Path) -> None:
    changes = Changes()
    changes.watch.set_folders([tmp_path / "nowhere", tmp_path])
    task = asyncio.create_task(changes.watch.run())

    assert await changes.next() == tmp_path

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
