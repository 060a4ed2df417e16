"""The open experiences: the newest text of each, and its latest analysed snapshot."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Mapping
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
from oe_lsp.server.transport.paths import path_of

log = logging.getLogger(__name__)

_Answer = TypeVar("_Answer")
Analyse = Callable[[str, "Analysis | None", Files], Analysis]

_LOOK_AGAIN_S = 5.0
"""How old a view of the disk may be at a key stroke: not every client tells what changes there."""

_ALONE_S = 0.25
"""How long an analysis keeps all others waiting, since two at a time would each take twice as long."""


class _Document(Struct):
    path: Path | None
    version: int
    text: str
    files: OpenFiles | None
    snapshot: Snapshot | None = None
    previous: Analysis | None = None
    analysing: asyncio.Task[None] | None = None
    looked_at: float = field(default_factory=monotonic)
    is_stale: bool = False

    def look(self, opened: Mapping[Path, str]) -> Files:
        """The view of the files that the next analysis shall have."""
        if self.files is None:
            return NO_FILES
        if self.is_stale or monotonic() - self.looked_at > _LOOK_AGAIN_S:
            self.files, self.looked_at = self.files.again(opened), monotonic()
        self.files.opened = opened  # for what it was not asked so far
        self.is_stale = False
        return self.files


class Documents:
    """Analyses each open experience in a thread, the newest text only, and tells of every new snapshot.

    What takes longer than `limit` seconds is abandoned: an analysis then counts as one that found nothing but that.
    """

    def __init__(
        self,
        prepare: Callable[[Snapshot], Callable[[], None]],
        analyse_text: Analyse | None = None,
        limit: float = LIMIT_S,
    ) -> None:
        """`prepare` is called in the thread with each new snapshot. What it returns is to tell of the snapshot: it is
        called in the loop, and only while the text is the newest. `analyse_text` takes the place of the engine's own
        analysis.
        """
        self._prepare = prepare
        self._analyse_text = analyse_text
        self._limit = limit
        self._documents: dict[str, _Document] = {}
        self._turn = asyncio.Lock()

    def update(self, uri: str, version: int, text: str) -> None:
        """Take a document's new text; an analysis that is not yet due for an older one never happens."""
        document = self._documents.get(uri)
        if document is None:
            path = path_of(uri)
            document = self._documents[uri] = _Document(path, version, text, self._files(path))
        document.version, document.text = version, text
        self._analyse_soon(uri, document)
        self._tell_others(document)

    def look_again(self) -> None:
        """Analyse every open experience with the files as they are now."""
        for uri, document in self._documents.items():
            document.is_stale = True
            self._analyse_soon(uri, document)

    def close(self, uri: str) -> None:
        """Forget a document; nothing more is told of it."""
        document = self._documents.pop(uri, None)
        gc.unfreeze()
        if document is None:
            return
        if document.analysing is not None:
            document.analysing.cancel()
        self._tell_others(document)

    def files(self, uri: str) -> Files:
        """A new view of the files that a document may name, as they are now."""
        return self._files(path_of(uri)) or NO_FILES

    def text(self, uri: str) -> str | None:
        """The text of a document as the editor has it; None where it is not open."""
        document = self._documents.get(uri)
        return document.text if document else None

    async def texts_in_runs_of(self, uri: str) -> Mapping[Path, str]:
        """The text as the editor has it, by its file, of a document and of each open one that it nests."""
        await self.snapshot(uri)
        document = self._documents.get(uri)
        if document is None or document.path is None or document.files is None:
            return {}
        files = document.files
        nested = {path: text for path, text in self._opened().items() if files.gave(path)}
        return {document.path: document.text, **nested}

    def __contains__(self, uri: str) -> bool:
        return uri in self._documents

    def uris(self) -> tuple[str, ...]:
        """The open experiences."""
        return tuple(self._documents)

    def snapshots(self) -> tuple[Snapshot, ...]:
        """The latest snapshot of each open experience that has one."""
        return tuple(document.snapshot for document in self._documents.values() if document.snapshot is not None)

    async def snapshot(self, uri: str) -> Snapshot | None:
        """The snapshot of the newest text of a document, as soon as there is one; None where it is not open.

        A caller that is cancelled cancels nothing but itself.
        """
        document = self._documents.get(uri)
        while document is not None and document.analysing is not None:
            await asyncio.wait({document.analysing})
        return document.snapshot if document is not None and uri in self._documents else None

    async def ask(self, uri: str, find: Callable[[Snapshot], _Answer]) -> _Answer | None:
        """What `find`, in a thread, makes of the snapshot of the newest text; None where the document is not open, or
        where it takes longer than anyone would wait.

        For what looks at files, or takes longer on a large document than the loop may be held.
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
        """Forget all documents. What is being worked out is no longer waited for."""
        for uri in self.uris():
            self.close(uri)

    def _analyse_soon(self, uri: str, document: _Document) -> None:
        if document.analysing is None:
            document.analysing = asyncio.create_task(self._analyse(uri, document), name=f"analyse {uri}")

    def _tell_others(self, changed: _Document) -> None:
        """Analyse the experiences that nest this one, which is not to them what it was; those that are being analysed
        may be about to ask for it.
        """
        for uri, other in self._documents.items():
            if other is changed or other.files is None or changed.path is None:
                continue
            if other.analysing is not None or other.files.gave(changed.path):
                other.is_stale = True
                self._analyse_soon(uri, other)

    def _files(self, path: Path | None) -> OpenFiles | None:
        return OpenFiles(DiskFiles(path.parent, path.name), self._opened()) if path else None

    def _opened(self) -> Mapping[Path, str]:
        # A tuple of it, since others than the loop ask as well.
        return {document.path: document.text for document in tuple(self._documents.values()) if document.path}

    async def _analyse(self, uri: str, document: _Document) -> None:
        try:
            while document.is_stale or document.snapshot is None or document.snapshot.version != document.version:
                await self._analyse_once(uri, document)
        except Exception:
            log.exception("%s could not be analysed", uri)
        finally:
            document.analysing = None

    async def _analyse_once(self, uri: str, document: _Document) -> None:
        with paused_collector():  # until it is told: whoever types waits for that, and not for garbage
            async with self._turn:
                version, text, files = document.version, document.text, document.look(self._opened())
                call = call_in_thread(partial(self._read, uri, version, text, document.previous, files), self._limit)
                await asyncio.wait({call}, timeout=_ALONE_S)
            try:
                document.snapshot, tell = await call
                document.previous = document.snapshot.analysis
            except OverdueError:
                log.warning("the analysis of %s took over %g s and was abandoned", uri, self._limit)
                document.snapshot = Snapshot(uri, version, text, abandoned(text, self._limit))
                document.is_stale = False  # what has changed meanwhile would hardly make it faster
                tell = self._prepare(document.snapshot)
            if version == document.version and tell is not None:
                tell()

    def _read(
        self, uri: str, version: int, text: str, previous: Analysis | None, files: Files
    ) -> tuple[Snapshot, Callable[[], None] | None]:
        analysis = (self._analyse_text or analyse)(text, previous, files)
        if previous is None:
            # What is opened large is a million objects that stay: to look through them for garbage, as the collector
            # would again and again, holds every thread for a tenth of a second.
            gc.freeze()
        snapshot = Snapshot(uri, version, text, analysis)
        try:
            return snapshot, self._prepare(snapshot)
        except Exception:  # what is wrong with the telling does not take the snapshot from all others
            log.exception("what was found in %s could not be told", uri)
            return snapshot, None
