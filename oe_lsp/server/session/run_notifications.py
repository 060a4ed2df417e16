"""Notifies the client of followed runs: `oe/event`, progress, their end, and a refresh of the code lenses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.log.events.codec import to_json
from engine.log.events.events import Record, RunStarted
from engine.owned_tasks import OwnedTasks
from oe_lsp.ide.runs.elide import elide
from oe_lsp.runs.follow import FollowedRun
from oe_lsp.server.session.run_end_message import RunEndMessage
from oe_lsp.server.session.run_progress import RunProgress
from oe_lsp.server.transport.client import Client
from oe_lsp.server.transport.custom_messages import RunEvent
from oe_lsp.server.transport.names import EVENT, progress_token


class RunNotifications:
    """A listener of the run feed. `uri_of` gives the document that a run belongs to.

    `runs_changed` gets the folder of a run whose lens is out of date.
    """

    def __init__(
        self,
        client: Client,
        runs_changed: Callable[[Path], None],
        uri_of: Callable[[FollowedRun], str],
        end: RunEndMessage,
        *,
        with_events: bool,
        with_progress: bool,
        shows_tokens: bool,
    ) -> None:
        self._client = client
        self._runs_changed = runs_changed
        self._uri_of = uri_of
        self._end = end
        self._with_events = with_events
        self._with_progress = with_progress
        self._shows_tokens = shows_tokens
        self._progress: dict[str, RunProgress] = {}
        self._tasks = OwnedTasks()

    def run_began(self, run: FollowedRun) -> None:
        """Open the run's progress and offer to cancel it."""
        self._runs_changed(run.store.directory)
        summary = run.summary()
        if self._with_progress and summary is not None:
            token = progress_token(run.run_id, is_shown=self._shows_tokens)
            progress = self._progress[run.run_id] = RunProgress(self._client, summary, token)
            self._tasks.spawn(progress.show(), f"progress of run {run.run_id}")

    def run_advanced(self, run: FollowedRun, record: Record) -> None:
        """Send the event to a client that asked for events, and update the progress."""
        if self._with_events:
            self._client.notify(EVENT, RunEvent(self._uri_of(run), record.run_id, elide(to_json(record))))
        if isinstance(record.event, RunStarted):
            return
        self._advance(run, alive=True)
        self._runs_changed(run.store.directory)

    def run_ended(self, run: FollowedRun) -> None:
        """Close the progress, and say how a run of ours ended. The lenses are refreshed once the feed no longer follows
        the run.
        """
        self._advance(run, alive=False)
        self._progress.pop(run.run_id, None)
        if run.started_here:
            self._tasks.spawn(self._end.show(run, self._uri_of(run)), f"end of run {run.run_id}")

    async def close(self) -> None:
        """Stop showing progress and the ends of runs."""
        await self._tasks.close()

    def _advance(self, run: FollowedRun, *, alive: bool) -> None:
        progress = self._progress.get(run.run_id)
        summary = run.summary(alive=alive)
        if progress is not None and summary is not None:
            progress.advance(summary)
