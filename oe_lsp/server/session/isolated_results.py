"""Opens what an isolated run that was started here put out, beside the node's earlier outcome."""

from __future__ import annotations

import asyncio

from engine.log.events.events import Record
from engine.owned_tasks import OwnedTasks
from oe_lsp.runs.follow import FollowedRun
from oe_lsp.runs.isolated_result import isolated_result
from oe_lsp.server.session.virtual_documents import VirtualDocuments


class IsolatedResults:
    """A listener of the run feed."""

    def __init__(self, documents: VirtualDocuments) -> None:
        self._documents = documents
        self._tasks = OwnedTasks()

    def run_began(self, run: FollowedRun) -> None:
        """See RunListener."""

    def run_advanced(self, run: FollowedRun, record: Record) -> None:
        """See RunListener."""

    def run_ended(self, run: FollowedRun) -> None:
        """See RunListener."""
        if run.started_here and run.view.started is not None and run.view.started.kind is not None:
            self._tasks.spawn(self._show(run), f"result of run {run.run_id}")

    async def close(self) -> None:
        """Open nothing any more."""
        await self._tasks.close()

    async def _show(self, run: FollowedRun) -> None:
        assert run.view.started is not None, "run_ended looked"
        text = await asyncio.to_thread(isolated_result, run.store, run.run_id, run.view.started)
        if text is not None:
            await self._documents.show(f"only-{run.run_id[:8]}.md", text)
