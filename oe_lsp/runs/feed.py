"""Finds the runs in a set of experience folders as they come and go, and follows those that are running."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from engine.log.events.timestamps import moment
from engine.log.reading.reader import UnreadableLogError
from engine.log.reading.runs_watch import RunsWatch
from engine.log.reading.summary import RunSummary
from engine.log.storage.lock import is_held
from engine.log.storage.run_store import RunStore
from engine.log.storage.safe_open import open_own
from engine.log.writing.writer import timestamp, utc_now
from engine.owned_tasks import OwnedTasks
from engine.runner.launch import Engine
from oe_lsp.runs.follow import FollowedRun, Listeners, RunListener, follow

log = logging.getLogger(__name__)

_MAX_CANDIDATES = 50
"""How many of a folder's latest runs are checked for being running."""

_MAX_FIRST_LINE_BYTES = 1024 * 1024


class RunFeed:
    """Owns the tasks that watch and follow.

    `on_change` gets a folder whose list of runs may have changed; `on_unreadable` a folder whose runs cannot be listed,
    and why, once until they can be listed again. Runs that begin after the feed was made, by `clock`, are new: they are
    reported from their first line.
    """

    def __init__(
        self,
        listener: RunListener,
        on_change: Callable[[Path], None],
        on_unreadable: Callable[[Path, OSError], None],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._listeners = Listeners(listener)
        self._on_change = on_change
        self._on_unreadable = on_unreadable
        self._unreadable: set[Path] = set()
        self._began_at = moment(timestamp(clock()))  # as in logs, or a run of the same millisecond would look older
        self._runs: dict[str, FollowedRun] = {}
        self._known: set[str] = set()
        self._started_here: list[tuple[RunStore, str]] = []
        self._tasks = OwnedTasks()
        self._watch = RunsWatch(self._look_soon, self._runs.__contains__)

    def subscribe(self, listener: RunListener) -> None:
        """Report the events of followed runs to another listener, too."""
        self._listeners.add(listener)

    def start(self) -> None:
        """Watch until `close`."""
        self._tasks.spawn(self._watch.run(), "watch runs")

    def set_folders(self, folders: Iterable[Path]) -> None:
        """Watch exactly these experience folders. Runs that are followed already are followed to their end."""
        self._watch.set_folders(folders)

    def find(self, run_id: str) -> FollowedRun | None:
        """The run with this id, if it is being followed."""
        return self._runs.get(run_id)

    def followed(self) -> tuple[FollowedRun, ...]:
        """The runs that are being followed."""
        return tuple(self._runs.values())

    def started_here(self) -> tuple[tuple[RunStore, str], ...]:
        """Every run that this server started, including those that have ended."""
        return tuple(self._started_here)

    def summaries(self) -> dict[str, RunSummary]:
        """The current states of the followed runs, by id."""
        summaries = {run_id: run.summary() for run_id, run in self._runs.items()}
        return {run_id: summary for run_id, summary in summaries.items() if summary is not None}

    def running_in(self, folder: Path) -> list[RunSummary]:
        """The current states of the followed runs in an experience's folder, the last found first."""
        summaries = (run.summary() for run in reversed(self._runs.values()) if run.store.directory == folder)
        return [summary for summary in summaries if summary is not None and summary.is_running]

    async def follow_started(self, store: RunStore, run_id: str, engine: Engine) -> bool:
        """Follow a run, whose engine was just started, from its first line.

        Returns True once run.started is on disk, False if the engine ended without it.
        """
        run = FollowedRun(store, run_id, started_here=True)
        self._started_here.append((store, run_id))
        task = self._follow(run, lambda: engine.is_connected, replay=True)
        waiting = asyncio.ensure_future(run.began.wait())
        try:
            await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        return run.began.is_set()

    async def close(self) -> None:
        """Stop watching and following. The runs go on."""
        await self._tasks.close()

    def _look_soon(self, folder: Path) -> None:
        self._tasks.spawn(self._look(RunStore(folder)), f"look for runs in {folder}")

    async def _look(self, store: RunStore) -> None:
        try:
            found = await asyncio.to_thread(_unknown_runs, store, self._began_at, frozenset(self._known))
        except OSError as error:
            if store.directory not in self._unreadable:
                self._unreadable.add(store.directory)
                self._on_unreadable(store.directory, error)
            return
        self._unreadable.discard(store.directory)
        for run in found:
            # A run that was started or found meanwhile is known by now.
            if run.run_id not in self._known:
                self._known.add(run.run_id)
                if run.is_new or run.is_running:
                    self._follow(FollowedRun(store, run.run_id, started_here=False), lambda: False, replay=run.is_new)
        self._on_change(store.directory)

    def _follow(self, run: FollowedRun, is_starting: Callable[[], bool], *, replay: bool) -> asyncio.Task[None]:
        self._runs[run.run_id] = run
        self._known.add(run.run_id)
        return self._tasks.spawn(self._follow_to_end(run, is_starting, replay=replay), f"follow run {run.run_id}")

    async def _follow_to_end(self, run: FollowedRun, is_starting: Callable[[], bool], *, replay: bool) -> None:
        try:
            await follow(run, self._listeners, is_starting, replay=replay)
        except (UnreadableLogError, OSError) as error:
            log.warning("run %s cannot be followed: %s", run.run_id, error)
        finally:
            del self._runs[run.run_id]
            self._on_change(run.store.directory)


class _FoundRun(Struct, frozen=True):
    run_id: str
    is_running: bool
    is_new: bool


def _unknown_runs(store: RunStore, began_at: datetime, known: frozenset[str]) -> list[_FoundRun]:
    unknown = (run_id for run_id in store.run_ids()[:_MAX_CANDIDATES] if run_id not in known)
    return [
        _FoundRun(run_id, is_held(store.lock(run_id)), _began_after(began_at, store.log(run_id))) for run_id in unknown
    ]


def _began_after(earliest: datetime, log_path: Path) -> bool:
    """True if the log begins after `earliest`. One without a complete first line has just begun."""
    try:
        with open_own(log_path) as file:
            first, line_break, _ = file.read(_MAX_FIRST_LINE_BYTES).partition(b"\n")
        return not line_break or moment(json.loads(first)["ts"]) >= earliest
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return False
