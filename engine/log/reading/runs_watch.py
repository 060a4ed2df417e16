"""Watches the runs folders of experiences, including those that do not exist yet."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path

import anyio._backends._asyncio  # noqa: F401 # else the first watch imports it, and blocks the loop for 0.2 s
from watchfiles import Change, awatch

from engine.log.storage.run_store import PIN, RunStore
from engine.log.storage.watchable import watchable

_DEBOUNCE_MS = 50

_Batch = set[tuple[Change, str]]


class RunsWatch:
    """Calls `on_change` with the folder of an experience whenever a run log in it is created, changed or deleted,
    or a run is pinned or unpinned.

    Also calls it once for each folder when its watch starts, so that no change is missed. Changes of logs that satisfy
    `is_followed` are not reported: their follower sees them sooner.
    """

    def __init__(self, on_change: Callable[[Path], None], is_followed: Callable[[str], bool]) -> None:
        self._on_change = on_change
        self._is_followed = is_followed
        self._folders: frozenset[Path] = frozenset()
        self._folders_changed = asyncio.Event()

    def set_folders(self, folders: Iterable[Path]) -> None:
        """Watch exactly these experience folders from now on."""
        folders = frozenset(folders)
        if folders != self._folders:
            self._folders = folders
            self._folders_changed.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            self._folders_changed.clear()
            targets = _targets(self._folders)
            if not targets:
                await self._folders_changed.wait()
                continue
            # Suppressed: a folder that was deleted or made unreadable since `targets` was computed. Try again.
            with contextlib.suppress(FileNotFoundError, PermissionError), contextlib.ExitStack() as stack:
                watched = {target: stack.enter_context(watchable(target)) for target in targets.values()}
                await self._watch(targets, watched)

    async def _watch(self, targets: Mapping[Path, Path], watched: Mapping[Path, Path]) -> None:
        """Watch each target, by its path in `watched`."""
        async with contextlib.aclosing(
            awatch(
                *watched.values(),
                recursive=False,
                stop_event=self._folders_changed,
                debounce=_DEBOUNCE_MS,
                watch_filter=self._concerns_runs,
            )
        ) as changes:
            upcoming = asyncio.create_task(_next(changes))
            try:
                # The generator sets up the watches in its first step. What is there already is reported after that.
                await asyncio.sleep(0)
                for folder in targets:
                    self._on_change(folder)
                while (batch := await upcoming) is not None:
                    paths = {folder: watched[target] for folder, target in targets.items()}
                    for folder in _touched(paths, {Path(path) for _, path in batch}):
                        self._on_change(folder)
                    if _targets(self._folders) != targets:
                        return
                    upcoming = asyncio.create_task(_next(changes))
            finally:
                upcoming.cancel()
                await asyncio.wait([upcoming])

    def _concerns_runs(self, change: Change, path: str) -> bool:
        name = Path(path).name
        if not name.endswith(".jsonl"):
            return name in _FOLDER_NAMES or name.endswith(PIN)
        return change is not Change.modified or not self._is_followed(name.removesuffix(".jsonl"))


async def _next(changes: AsyncIterator[_Batch]) -> _Batch | None:
    return await anext(changes, None)


def _candidates(folder: Path) -> tuple[Path, Path, Path]:
    """What can be watched for the runs of an experience: the deepest that exists."""
    store = RunStore(folder)
    return store.runs, store.data, folder


_FOLDER_NAMES = frozenset(path.name for path in _candidates(Path())[:2])


def _targets(folders: Iterable[Path]) -> dict[Path, Path]:
    nearest = {folder: next(filter(_can_be_listed, _candidates(folder)), None) for folder in folders}
    return {folder: path for folder, path in nearest.items() if path is not None}


def _can_be_listed(folder: Path) -> bool:
    """True if the folder exists and is readable, and so can be watched."""
    try:
        os.scandir(folder).close()
    except OSError:
        return False
    return True


def _touched(targets: Mapping[Path, Path], paths: Iterable[Path]) -> set[Path]:
    parents = {parent for path in paths for parent in (path, path.parent)}
    return {folder for folder, target in targets.items() if target in parents}
