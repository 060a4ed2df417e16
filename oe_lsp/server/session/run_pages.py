"""The page servers of a session: one for each folder whose page was opened, told what is typed there."""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine.file_names import writable
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.runs.page_process import PageProcess, PageProcessError, start_page_process
from oe_lsp.server.session.consent import Consent
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.session.experience_files import experience_path
from oe_lsp.server.transport.errors import RequestFailedError
from oe_lsp.server.transport.uris import path_of


class RunPages:
    """Starts each with its first page, and ends all with the session.

    `tells_cursor`: the server tells pages which node the cursor is on; a client that embeds pages does so itself.
    """

    def __init__(self, documents: Documents, consent: Consent, *, tells_cursor: bool) -> None:
        self._documents = documents
        self._consent = consent
        self._tells_cursor = tells_cursor
        self._processes: dict[Path, PageProcess] = {}
        self._starting = asyncio.Lock()
        documents.subscribe(self._on_snapshot)

    async def url(self, uri: str, run_id: str | None) -> str:
        """The address of the page of a run, or of one that follows the newest run of the experience.

        It has buttons where code may run. Raises RequestFailedError.
        """
        folder = experience_path(uri).parent
        async with self._starting:
            process = self._processes.get(folder)
            if process is None or not process.is_running:
                process = self._processes[folder] = await self._start(folder)
        process.allow(may_act=await self._consent.is_given(folder))
        return process.url_of(run_id)

    def show_cursor(self, uri: str, node_id: str | None) -> None:
        """Select the node under the cursor on the pages of the experience; None for none."""
        process = self._running(uri)
        if self._tells_cursor and process is not None:
            process.select(node_id)

    def close_document(self, uri: str) -> None:
        """Draw from the file again, since its text is no longer open."""
        self._show_text(uri, None)

    async def close(self) -> None:
        """End all page servers."""
        async with self._starting:
            processes, self._processes = self._processes, {}
        await asyncio.gather(*(process.close() for process in processes.values()))

    async def _start(self, folder: Path) -> PageProcess:
        try:
            process = await start_page_process(folder)
        except PageProcessError as error:
            raise RequestFailedError(str(error)) from error
        for uri in self._documents.uris():
            path = path_of(uri)
            if path is not None and path.parent == folder:
                process.show_text(writable(path.name), self._documents.text(uri))
        return process

    async def _on_snapshot(self, snapshot: Snapshot) -> None:
        self._show_text(snapshot.uri, snapshot.text)

    def _show_text(self, uri: str, text: str | None) -> None:
        path, process = path_of(uri), self._running(uri)
        if path is not None and process is not None:
            process.show_text(writable(path.name), text)

    def _running(self, uri: str) -> PageProcess | None:
        path = path_of(uri)
        process = self._processes.get(path.parent) if path is not None else None
        return process if process is not None and process.is_running else None
