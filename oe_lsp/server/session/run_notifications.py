"""Tells the client what happens in the runs that are followed: events, progress, and lenses that are out of date."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.log.events.events import Record, RunStarted
from oe_lsp.runs.follow import FollowedRun
from oe_lsp.server.session.run_progress import RunProgress
from oe_lsp.server.transport import convert, protocol

if TYPE_CHECKING:
    from oe_lsp.server.experience_server import ExperienceServer
    from oe_lsp.server.session.lens_refresh import LensRefresh


class Announcer:
    """The listener of the run feed. `uri_of` says to which document a run belongs."""

    def __init__(
        self,
        server: ExperienceServer,
        lenses: LensRefresh,
        uri_of: Callable[[FollowedRun], str],
        *,
        wants_events: bool,
        wants_progress: bool,
    ) -> None:
        self._server = server
        self._lenses = lenses
        self._uri_of = uri_of
        self._wants_events = wants_events
        self._wants_progress = wants_progress
        self._progress: dict[str, RunProgress] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def run_began(self, run: FollowedRun) -> None:
        """Open the run's progress and offer to cancel it."""
        self._lenses.soon()
        summary = run.summary()
        if not self._wants_progress or summary is None:
            return
        progress = self._progress[run.run_id] = RunProgress(self._server, summary)
        task = asyncio.create_task(progress.show(), name=f"progress of run {run.run_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def run_advanced(self, run: FollowedRun, record: Record) -> None:
        """Send the event, and show how far the run is."""
        if self._wants_events or run.ours:
            self._server.protocol.notify(protocol.EVENT, convert.to_event(self._uri_of(run), record))
        if isinstance(record.event, RunStarted):
            return
        self._advance(run, alive=True)
        self._lenses.soon()

    def run_ended(self, run: FollowedRun) -> None:
        """Close the progress. The lenses follow once the feed has let go of the run."""
        self._advance(run, alive=False)
        self._progress.pop(run.run_id, None)

    async def close(self) -> None:
        """Stop showing progress."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _advance(self, run: FollowedRun, *, alive: bool) -> None:
        progress = self._progress.get(run.run_id)
        summary = run.summary(alive=alive)
        if progress is not None and summary is not None:
            progress.advance(summary)
