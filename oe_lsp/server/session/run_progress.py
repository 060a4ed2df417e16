"""A run as work-done progress, which every editor can show and cancel."""

from __future__ import annotations

import asyncio

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from engine.log.reading.summary import RunSummary
from oe_lsp.ide.runs.run_text import end_text, percentage, progress_text, progress_title
from oe_lsp.server.transport.client import Client


class RunProgress:
    """The progress of one run. Changes between two messages are sent as one."""

    def __init__(self, client: Client, run: RunSummary, token: str) -> None:
        self._client = client
        self._run = run
        self._token = token
        self._changed = asyncio.Event()

    def advance(self, run: RunSummary) -> None:
        """Show the run's new state soon; one that is not running is the last."""
        self._run = run
        self._changed.set()

    async def show(self) -> None:
        """Show the run until it ends, unless the client declines the token."""
        created = types.WorkDoneProgressCreateParams(self._token)
        try:
            await self._client.request(types.WINDOW_WORK_DONE_PROGRESS_CREATE, created)
        except JsonRpcException:
            return
        self._send(self._begin())
        while self._run.is_running:
            await self._changed.wait()
            self._changed.clear()
            self._send(self._report())
        self._send(types.WorkDoneProgressEnd(message=end_text(self._run)))

    def _send(self, value: object) -> None:
        self._client.notify(types.PROGRESS, types.ProgressParams(self._token, value))

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
