"""The open experiences: the newest text of each, and its latest snapshot, published to subscribers."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TypeVar

from msgspec import Struct, field

from engine.collector import paused_collector
from engine.experience import Analysis, abandoned, analyse
from engine.experience.files.disk import DiskFiles
from engine.experience.files.port import NO_FILES, Files
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.server.session.open_files import OpenFiles
from oe_lsp.server.session.thread_calls import LIMIT_S, OverdueError, call_in_thread
from oe_lsp.server.transport.uris import path_of

log = logging.getLogger(__name__)

_Answer = TypeVar("_Answer")
Analyse = Callable[[str, "Analysis | None", Files], Analysis]
"""From a text, its previous analysis and the files it may name, to its analysis."""

Subscriber = Callable[[Snapshot], Awaitable[None]]

_MAX_FILES_AGE_S = 5.0
"""How old a view of the disk may be when a text changes: not every client reports changed files."""

_HEAD_START_S = 0.25
"""How long an analysis runs before the next one starts: two at a time would each take twice as long."""


class _Document(Struct):
    path: Path | None
    version: int
    text: str
    files: OpenFiles | None
    snapshot: Snapshot | None = None
    previous: Analysis | None = None
    analysing: asyncio.Task[None] | None = None
    files_read_at: float = field(default_factory=monotonic)
    is_stale: bool = False

    def refreshed_files(self, open_texts: Mapping[Path, str]) -> Files:
        """The view of the files for the next analysis."""
        if self.files is None:
            return NO_FILES
        if self.is_stale or monotonic() - self.files_read_at > _MAX_FILES_AGE_S:
            self.files, self.files_read_at = self.files.refreshed(open_texts), monotonic()
        self.files.open_texts = open_texts  # for files that were not read so far
        self.is_stale = False
        return self.files


class Documents:
    """Analyses each open experience in a thread, the newest text only, and publishes each new snapshot.

    An analysis that takes longer than `limit` seconds is abandoned; its snapshot has one problem that says so.
    """

    def __init__(self, analyse_text: Analyse | None = None, limit: float = LIMIT_S) -> None:
        """`analyse_text` replaces the engine's own analysis."""
        self._analyse_text = analyse_text
        self._limit = limit
        self._subscribers: list[Subscriber] = []
        self._documents: dict[str, _Document] = {}
        self._other_texts: dict[Path, str] = {}
        self._turn = asyncio.Lock()

    def subscribe(self, subscriber: Subscriber) -> None:
        """Await `subscriber` with each new snapshot whose text is still the newest."""
        self._subscribers.append(subscriber)

    def update(self, uri: str, version: int, text: str) -> None:
        """Set a document's new text. An older text whose analysis has not started is skipped."""
        document = self._documents.get(uri)
        if document is None:
            path = path_of(uri)
            document = self._documents[uri] = _Document(path, version, text, self._files(path))
        document.version, document.text = version, text
        self._analyse_soon(uri, document)
        self._analyse_readers(document.path, document)

    def refresh(self) -> None:
        """Analyse every open experience again, with the files as they are now."""
        for uri, document in self._documents.items():
            document.is_stale = True
            self._analyse_soon(uri, document)

    def update_other(self, path: Path, text: str | None) -> None:
        """Set the text in the editor of a file that is no experience, such as a prompt; None once it is closed."""
        if text is None:
            self._other_texts.pop(path, None)
        else:
            self._other_texts[path] = text
        self._analyse_readers(path)

    def close(self, uri: str) -> None:
        """Forget a document. Nothing more is published for it."""
        document = self._documents.pop(uri, None)
        gc.unfreeze()
        if document is None:
            return
        if document.analysing is not None:
            document.analysing.cancel()
        self._analyse_readers(document.path, document)

    def files(self, uri: str) -> Files:
        """A new view of the files that a document may name."""
        return self._files(path_of(uri)) or NO_FILES

    def text(self, uri: str) -> str | None:
        """The text of a document in the editor; None where it is not open."""
        document = self._documents.get(uri)
        return document.text if document else None

    def open_texts_for(self, uri: str) -> Mapping[Path, str]:
        """The texts in the editor, by path, that can matter to a run: of the experience, and of files in its folder or
        that it has read.
        """
        document = self._documents.get(uri)
        if document is None or document.path is None or document.files is None:
            return {}
        files, folder = document.files, document.path.parent
        others = {
            path: text
            for path, text in self._open_texts().items()
            if path.is_relative_to(folder) or files.has_read(path)
        }
        return {**others, document.path: document.text}

    def __contains__(self, uri: str) -> bool:
        return uri in self._documents

    def is_newest(self, snapshot: Snapshot) -> bool:
        """True while the document is open and its text has not changed since the snapshot."""
        document = self._documents.get(snapshot.uri)
        return document is not None and document.version == snapshot.version

    def uris(self) -> tuple[str, ...]:
        """The open experiences."""
        return tuple(self._documents)

    def snapshots(self) -> tuple[Snapshot, ...]:
        """The latest snapshot of each open experience that has one."""
        return tuple(document.snapshot for document in self._documents.values() if document.snapshot is not None)

    async def snapshot(self, uri: str) -> Snapshot | None:
        """Wait for the snapshot of a document's newest text; None where it is not open.

        Cancelling the caller does not cancel the analysis.
        """
        document = self._documents.get(uri)
        while document is not None and document.analysing is not None:
            await asyncio.wait({document.analysing})
        return document.snapshot if document is not None and uri in self._documents else None

    async def ask(self, uri: str, find: Callable[[Snapshot], _Answer]) -> _Answer | None:
        """The result of `find`, called in a thread with the snapshot of the newest text.

        None where the document is not open, or where `find` takes too long.
        """
        snapshot = await self.snapshot(uri)
        if snapshot is None:
            return None
        try:
            return await call_in_thread(partial(find, snapshot), self._limit)
        except OverdueError:
            log.warning("a request about %s took over %g s and was abandoned", uri, self._limit)
            return None

    def close_all(self) -> None:
        """Forget all documents, without waiting for their analyses."""
        for uri in self.uris():
            self.close(uri)

    def _analyse_soon(self, uri: str, document: _Document) -> None:
        if document.analysing is None:
            document.analysing = asyncio.create_task(self._analyse(uri, document), name=f"analyse {uri}")

    def _analyse_readers(self, changed: Path | None, itself: _Document | None = None) -> None:
        """Analyse the open experiences that have read a file, or that may be about to read it."""
        for uri, other in self._documents.items():
            if other is itself or other.files is None or changed is None:
                continue
            if other.analysing is not None or other.files.has_read(changed):
                other.is_stale = True
                self._analyse_soon(uri, other)

    def _files(self, path: Path | None) -> OpenFiles | None:
        return OpenFiles(DiskFiles(path.parent, path.name), self._open_texts()) if path else None

    def _open_texts(self) -> Mapping[Path, str]:
        # Tuples, since threads ask as well.
        experiences = {document.path: document.text for document in tuple(self._documents.values()) if document.path}
        return {**dict(tuple(self._other_texts.items())), **experiences}

    async def _analyse(self, uri: str, document: _Document) -> None:
        try:
            while document.is_stale or document.snapshot is None or document.snapshot.version != document.version:
                await self._analyse_once(uri, document)
        except Exception:
            log.exception("the analysis of %s failed", uri)
        finally:
            document.analysing = None

    async def _analyse_once(self, uri: str, document: _Document) -> None:
        with paused_collector():  # until published: the user waits for that, and not for garbage
            async with self._turn:
                version, text = document.version, document.text
                files = document.refreshed_files(self._open_texts())
                call = call_in_thread(
                    partial(self._snapshot_of, uri, version, text, document.previous, files), self._limit
                )
                await asyncio.wait({call}, timeout=_HEAD_START_S)
            try:
                document.snapshot = await call
                document.previous = document.snapshot.analysis
            except OverdueError:
                log.warning("the analysis of %s took over %g s and was abandoned", uri, self._limit)
                document.snapshot = Snapshot(uri, version, text, abandoned(text, self._limit))
                document.is_stale = False  # files that changed meanwhile would hardly make it faster
            await self._publish(document.snapshot)

    def _snapshot_of(self, uri: str, version: int, text: str, previous: Analysis | None, files: Files) -> Snapshot:
        analysis = (self._analyse_text or analyse)(text, previous, files)
        if previous is None:
            # A large document is a million objects that stay: each full collection would traverse them, and hold all
            # threads for a tenth of a second.
            gc.freeze()
        return Snapshot(uri, version, text, analysis)

    async def _publish(self, snapshot: Snapshot) -> None:
        for subscriber in self._subscribers:
            if not self.is_newest(snapshot):
                return
            try:
                await subscriber(snapshot)
            except Exception:  # a subscriber that fails does not keep the snapshot from others
                log.exception("the snapshot of %s could not be published", snapshot.uri)
