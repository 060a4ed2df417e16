"""The folders that hold experiences: those in the workspace, and those of open documents. Their runs are followed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from engine.owned_tasks import OwnedTasks
from oe_lsp.runs.feed import RunFeed
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.session.experience_files import experience_folders
from oe_lsp.server.transport.uris import path_of


class Workspace:
    """Searches the workspace's root folders in threads."""

    def __init__(self, documents: Documents, feed: RunFeed) -> None:
        self._documents = documents
        self._feed = feed
        self._roots: frozenset[Path] = frozenset()
        self._folders: frozenset[Path] = frozenset()
        self._search: asyncio.Task[None] | None = None
        self._tasks = OwnedTasks()

    def change_roots(self, *, added: Iterable[Path], removed: Iterable[Path] = ()) -> None:
        """Follow the runs of the experiences below the roots that remain."""
        self._roots = self._roots.difference(removed).union(added)
        if self._search is not None:
            self._search.cancel()
        self._search = self._tasks.spawn(self._find_folders(self._roots), "search the workspace for experiences")

    def watch(self) -> None:
        """Follow the runs in all folders that hold an experience now."""
        opened = (path_of(uri) for uri in self._documents.uris())
        self._feed.set_folders({path.parent for path in opened if path is not None} | self._folders)

    async def folders(self) -> frozenset[Path]:
        """The folders below the roots that hold an experience, once they are found."""
        if self._search is not None:
            await asyncio.wait({self._search})
        return self._folders

    async def close(self) -> None:
        """Stop searching."""
        await self._tasks.close()

    async def _find_folders(self, roots: Iterable[Path]) -> None:
        found = [await asyncio.to_thread(experience_folders, root) for root in roots]
        self._folders = frozenset().union(*found)
        self.watch()
