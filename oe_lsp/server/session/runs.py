"""Reads the runs of experiences: followed ones from memory, others from their logs, in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from engine.file_names import writable
from engine.log.reading.reader import UnreadableLogError
from engine.log.reading.summary import RunSummary
from engine.log.reading.view import RunView
from engine.log.storage.run_store import RunStore
from oe_lsp.runs.feed import RunFeed
from oe_lsp.runs.summaries import newest_runs, newest_whole_runs, read_run
from oe_lsp.server.session.experience_files import experience_path
from oe_lsp.server.transport.errors import RequestFailedError
from oe_lsp.server.transport.uris import path_of


class Runs:
    """The runs of the client's experiences. Logs that have not changed are not read again."""

    def __init__(self, feed: RunFeed) -> None:
        self._feed = feed

    async def newest(self, uri: str, limit: int) -> list[RunSummary]:
        """The latest runs of an experience, newest first. Raises RequestFailedError."""
        return await self._newest(newest_runs, uri, limit)

    async def newest_whole(self, uri: str, limit: int) -> list[RunSummary]:
        """As `newest`, without isolated runs of one node: the first of these is `latest`."""
        return await self._newest(newest_whole_runs, uri, limit)

    async def _newest(self, find: Callable[..., list[RunSummary]], uri: str, limit: int) -> list[RunSummary]:
        path = path_of(uri)
        if path is None or limit == 0:
            return []
        store, known, name = RunStore(path.parent), self._feed.summaries(), writable(path.name)
        try:
            return await asyncio.to_thread(find, store, limit, known, name)
        except OSError as error:
            raise RequestFailedError(str(error)) from error

    async def pinned(self, uri: str) -> frozenset[str]:
        """The ids of the runs that a prune keeps, of all experiences in the folder of this one."""
        path = path_of(uri)
        try:
            return frozenset() if path is None else await asyncio.to_thread(RunStore(path.parent).pinned_ids)
        except OSError:
            return frozenset()

    async def read(self, uri: str, run_id: str) -> tuple[RunSummary, RunView]:
        """A run and the fold of its log. Raises RequestFailedError where there is no readable log."""
        followed = self._feed.find(run_id)
        if followed is not None and (summary := followed.summary()) is not None:
            return summary, followed.view
        store = RunStore(experience_path(uri).parent)
        try:
            return await asyncio.to_thread(read_run, store, run_id)
        except FileNotFoundError:
            raise RequestFailedError(f"Run {run_id} was not found in {store.runs}.") from None
        except (UnreadableLogError, OSError) as error:
            raise RequestFailedError(str(error)) from error
