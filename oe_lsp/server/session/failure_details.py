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
        used = tuple(run.view.started.files) if run.view.started is not None else ()
        texts = self._documents.open_texts_for(snapshot.uri)
        found = []
        for number, node in enumerate(failed):
            key = (run.summary.run_id, node.node_id, node.ended_at)
            described = self._known.pop(key, None)
            if described is None:
                store, is_documented = RunStore(path.parent), self._wants_documents and number < _MOST_DOCUMENTED
                secrets = await asyncio.to_thread(present_secrets, snapshot, store.directory)
                described = await self._describe(store, run.summary.run_id, node, secrets, is_documented=is_documented)
            if described[0].executions:  # else its log could not be read
                self._keep(key, described)
            failure, documents = described
            name = failing_file(failure, snapshot, used)
            file = None if name is None else path.parent / as_on_disk(name)
            origin = None if file is None else await asyncio.to_thread(self._origin, file, failure, texts)
            found.append(DetailedFailure(failure, origin, documents))
        return tuple(found)

    def _keep(self, key: _Key, described: _Described) -> None:
        self._known[key] = described
        while len(self._known) > _MOST_KNOWN:
            self._known.pop(next(iter(self._known)))

    async def _describe(
        self, store: RunStore, run_id: str, node: NodeView, secrets: Secrets, *, is_documented: bool
    ) -> _Described:
        executions = await asyncio.to_thread(self._executions, store.log(run_id), node.node_id)
        failure = failure_of(run_id, node, executions)
        failure = replace(failure, message=secrets.masked(failure.message))
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

    def _origin(self, file: Path, failure: Failure, texts: Mapping[Path, str]) -> Origin | None:
        """The line in a file that the error points to; None where it cannot be read."""
        file = Path(os.path.normpath(file))
        text = texts.get(file)
        try:
            lines = LineIndex(read_text(file, MAX_FILE_BYTES) if text is None else text)
        except (OSError, UnicodeDecodeError):
            return None
        place = failure.location
        uri, span = uri_of(file), line_span(lines, None if place is None else place.line)
        return Origin(uri, Positions(lines, self._encoding).range(span), not is_experience(uri, ""))


def _file_name(node_id: str) -> str:
    """A node id as a part of a file name, still another one for every other id."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", node_id)[:_LONGEST_NAME]
    return plain if plain == node_id else f"{plain}-{hash_bytes(node_id.encode('utf-8', 'replace'))[:8]}"
