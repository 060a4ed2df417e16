"""Reads what a diagnostic tells of a failure: its executions, the line of its error, documents about its attempt."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from lsprotocol import types
from msgspec import Struct
from msgspec.structs import replace

from engine.canonical import hash_bytes
from engine.file_names import as_on_disk
from engine.log.events.events import Location
from engine.log.reading.attempt_files import read_attempt
from engine.log.reading.reader import UnreadableLogError
from engine.log.reading.view import NodeView
from engine.log.secrets.masking import Secrets
from engine.log.storage.run_store import RunStore
from engine.log.writing.attempt_outputs import output_folder
from engine.regular_files import read_text
from engine.report.node_failures import FailedExecution, node_failures
from engine.syntax import MAX_FILE_BYTES, Encoding, LineIndex
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.runs.attempt_documents import attempt_result, sent_prompt
from oe_lsp.ide.runs.failing_file import failing_file
from oe_lsp.ide.runs.failures import Failure, failure_of, line_span
from oe_lsp.ide.runs.shown_run import ShownRun
from oe_lsp.runs.run_histories import LogCache
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.session.experience_files import is_experience
from oe_lsp.server.session.present_secrets import present_secrets
from oe_lsp.server.session.virtual_documents import VirtualDocuments
from oe_lsp.server.transport.positions import Positions
from oe_lsp.server.transport.uris import path_of, uri_of

log = logging.getLogger(__name__)

_MOST_DOCUMENTED = 20
"""Failures of one experience that have documents."""

_START = types.Range(types.Position(0, 0), types.Position(0, 0))
_MOST_KNOWN = 500
_LONGEST_NAME = 40


class Origin(Struct, frozen=True):
    """The place that an error points to. `is_shown`: the file has a diagnostic there; an experience has its own."""

    uri: str
    range: types.Range
    is_shown: bool

    @property
    def location(self) -> types.Location:
        """The same, for LSP."""
        return types.Location(self.uri, self.range)


class DetailedFailure(Struct, frozen=True):
    """A failure, the place its error points to, and the documents about its attempt, with what they are."""

    failure: Failure
    origin: Origin | None = None
    documents: tuple[tuple[types.Location, str], ...] = ()


_Key = tuple[str, str, str | None]
_Described = tuple[Failure, tuple[tuple[types.Location, str], ...]]


class FailureDetails:
    """Reads each failure once. `wants_documents`: the client can show what else a diagnostic is about."""

    def __init__(
        self,
        documents: Documents,
        virtual_documents: VirtualDocuments,
        cache: LogCache,
        encoding: Encoding,
        *,
        wants_documents: bool,
    ) -> None:
        self._documents = documents
        self._virtual_documents = virtual_documents
        self._cache = cache
        self._encoding = encoding
        self._wants_documents = wants_documents
        self._known: dict[_Key, _Described] = {}

    async def read(self, run: ShownRun, failed: Sequence[NodeView], snapshot: Snapshot) -> tuple[DetailedFailure, ...]:
        """The details of nodes of the shown run of an experience that failed."""
        path = path_of(snapshot.uri)
        if path is None:
            return ()
        described = await self._describe_all(RunStore(path.parent), run.summary.run_id, failed, snapshot)
        used = tuple(run.view.started.files) if run.view.started is not None else ()
        files = [failing_file(failure, snapshot, used) for failure, _ in described]
        texts = _Texts(path.parent, self._documents.open_texts_for(snapshot.uri), self._encoding)
        places = [(file, failure.location) for file, (failure, _) in zip(files, described, strict=True)]
        origins = await asyncio.to_thread(lambda: [texts.origin(file, place) for file, place in places])
        return tuple(
            DetailedFailure(failure, origin, documents)
            for (failure, documents), origin in zip(described, origins, strict=True)
        )

    async def _describe_all(
        self, store: RunStore, run_id: str, failed: Sequence[NodeView], snapshot: Snapshot
    ) -> list[_Described]:
        secrets: Secrets | None = None
        found = []
        for number, node in enumerate(failed):
            key = (run_id, node.node_id, node.ended_at)
            described = self._known.pop(key, None)
            if described is None:
                if secrets is None:
                    secrets = await asyncio.to_thread(present_secrets, snapshot, store.directory)
                is_documented = self._wants_documents and number < _MOST_DOCUMENTED
                described = await self._describe(store, run_id, node, secrets, is_documented=is_documented)
            if described[0].executions:  # else its log could not be read
                self._keep(key, described)
            found.append(described)
        return found

    def _keep(self, key: _Key, described: _Described) -> None:
        self._known[key] = described
        while len(self._known) > _MOST_KNOWN:
            self._known.pop(next(iter(self._known)))

    async def _describe(
        self, store: RunStore, run_id: str, node: NodeView, secrets: Secrets, *, is_documented: bool
    ) -> _Described:
        executions = await asyncio.to_thread(self._executions, store.log(run_id), node.node_id)
        failure = failure_of(run_id, node, executions)
        failure = replace(failure, text=secrets.masked(failure.text))
        attempt = executions[0].attempt_id if executions else None
        if attempt is None or not is_documented:
            return failure, ()
        files = await asyncio.to_thread(read_attempt, output_folder(store, run_id), attempt)
        name = f"{run_id[:8]}-{_file_name(node.node_id)}.md"
        links = []
        for kind, text, message in (
            ("sent-prompt", sent_prompt(run_id, executions[0], files), "The prompt that was sent"),
            ("attempt", attempt_result(run_id, executions[0], files), "What the last attempt returned and printed"),
        ):
            if text is not None:
                links += await self._document(f"{kind}-{name}", secrets.masked(text), message)
        return failure, tuple(links)

    async def _document(self, name: str, text: str, message: str) -> list[tuple[types.Location, str]]:
        try:
            return [(types.Location(await self._virtual_documents.put(name, text), _START), message)]
        except OSError as error:
            log.warning("%s cannot be written: %s", name, error)
            return []

    def _executions(self, path: Path, node_id: str) -> tuple[FailedExecution, ...]:
        try:
            with self._cache.opened(path) as lines:
                return () if lines is None else node_failures(lines, node_id)
        except (UnreadableLogError, OSError):
            return ()


class _Texts:
    """The texts of files as an editor has them. Reads each once, in a thread."""

    def __init__(self, folder: Path, open_texts: Mapping[Path, str], encoding: Encoding) -> None:
        self._folder = folder
        self._open_texts = open_texts
        self._encoding = encoding
        self._lines: dict[Path, LineIndex | None] = {}

    def origin(self, name: str | None, place: Location | None) -> Origin | None:
        """The line in a file that an error points to; None where it points to none, or the file cannot be read."""
        if name is None or place is None:
            return None
        file = Path(os.path.normpath(self._folder / as_on_disk(name)))
        if file not in self._lines:
            self._lines[file] = self._read(file)
        lines = self._lines[file]
        if lines is None:
            return None
        uri, range_ = uri_of(file), Positions(lines, self._encoding).range(line_span(lines, place.line))
        return Origin(uri, range_, not is_experience(uri, ""))

    def _read(self, file: Path) -> LineIndex | None:
        text = self._open_texts.get(file)
        try:
            return LineIndex(read_text(file, MAX_FILE_BYTES) if text is None else text)
        except (OSError, UnicodeDecodeError):
            return None


def _file_name(node_id: str) -> str:
    """A node id as a part of a file name, still another one for every other id."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", node_id)[:_LONGEST_NAME]
    return plain if plain == node_id else f"{plain}-{hash_bytes(node_id.encode('utf-8', 'replace'))[:8]}"
