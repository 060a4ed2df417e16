"""Notifies the client that the runs of an experience have changed (`oe/runsChanged`), for views that show them live."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

from engine.file_names import writable
from engine.log.reading.summary import RunSummary
from engine.log.storage.run_store import RunStore
from oe_lsp.server.session.experience_files import FILE_NAMES
from oe_lsp.server.transport.client import Client
from oe_lsp.server.transport.custom_messages import RunsChanged
from oe_lsp.server.transport.names import RUNS_CHANGED
from oe_lsp.server.transport.run_messages import run_message
from oe_lsp.server.transport.uris import path_of, uri_of

_INTERVAL_S = 0.25


class RunsChangedNotifier:
    """Notifies at once of the first change, and once for all changes of a folder in the 250 ms that follow.

    `opened` gives the URIs of open experiences, `running` the followed runs in a folder.
    """

    def __init__(
        self,
        client: Client,
        opened: Callable[[], Iterable[str]],
        running: Callable[[Path], list[RunSummary]],
    ) -> None:
        self._client = client
        self._opened = opened
        self._running = running
        self._folders: set[Path] = set()
        self._due = asyncio.Event()

    def request(self, folder: Path) -> None:
        """The runs in `folder` have changed."""
        self._folders.add(folder)
        self._due.set()

    async def run(self) -> None:
        """Notify until cancelled."""
        while True:
            await self._due.wait()
            self._due.clear()
            folders, self._folders = self._folders, set()
            for folder in folders:
                await self._notify(folder)
            await asyncio.sleep(_INTERVAL_S)

    async def _notify(self, folder: Path) -> None:
        opened = {uri: path for uri in self._opened() if (path := path_of(uri)) is not None and path.parent == folder}
        saved, pinned = await asyncio.to_thread(_look, folder)
        running = self._running(folder)
        known = set(opened.values())
        for uri, path in (*opened.items(), *((uri_of(path), path) for path in saved if path not in known)):
            own = [run for run in running if run.file_name in ("", writable(path.name))]
            messages = [run_message(run, uri, pinned=run.run_id in pinned) for run in own]
            self._client.notify(RUNS_CHANGED, RunsChanged(uri, messages))


def _look(folder: Path) -> tuple[list[Path], frozenset[str]]:
    """The experiences in a folder by name, and the ids of its pinned runs."""
    try:
        pinned = RunStore(folder).pinned_ids()
    except OSError:
        pinned = frozenset()
    return [path for name in sorted(FILE_NAMES) if (path := folder / name).is_file()], pinned
