"""A run as standard work-done progress, which every editor can show and cancel."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from oe_lsp.ide.runs.run_text import end_text, percentage, progress_text, progress_title
from oe_lsp.server.transport.protocol import progress_token

if TYPE_CHECKING:
    from engine.log.reading.summary import RunSummary
    from oe_lsp.server.experience_server import ExperienceServer


class RunProgress:
    """The progress of one run. Whatever happens between two messages becomes one message."""

    def __init__(self, server: ExperienceServer, run: RunSummary) -> None:
        self._server = server
        self._run = run
        self._changed = asyncio.Event()

    def advance(self, run: RunSummary) -> None:
        """Take the run's new state, to be shown soon; a state that is not running is the last."""
        self._run = run
        self._changed.set()

    async def show(self) -> None:
        """Show the run until it ends. A client that declines the token is left alone."""
        token = progress_token(self._run.run_id)
        progress = self._server.work_done_progress
        try:
            # Shielded: an answer that finds its request cancelled breaks pygls's reader (pygls issue 621).
            await asyncio.shield(progress.create_async(token))
        except JsonRpcException:
            return
        try:
            progress.begin(token, self._begin())
            while self._run.is_running:
                await self._changed.wait()
                self._changed.clear()
                progress.report(token, self._report())
            progress.end(token, types.WorkDoneProgressEnd(message=end_text(self._run)))
        finally:
            # pygls keeps tokens for good.
            progress.tokens.pop(token, None)

    def _begin(self) -> types.WorkDoneProgressBegin:
        return types.WorkDoneProgressBegin(
            title=progress_title(self._run),
            cancellable=True,
            message=progress_text(self._run),
            percentage=percentage(self._run),
        )

    def _report(self) -> types.WorkDoneProgressReport:
        return types.WorkDoneProgressReport(
            cancellable=True, message=progress_text(self._run), percentage=percentage(self._run)
        )
