"""Diagnostics of the open experiences: pushed with every new snapshot, or pulled by clients that can. Never both."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from pathlib import Path

from lsprotocol import types
from msgspec import Struct

from engine.experience.problems import OtherFile, Related, Severity
from engine.syntax import Encoding, LineIndex
from oe_lsp.ide.diagnostics import diagnostics
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.server.session.client_capabilities import Capabilities
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.session.thread_calls import call_in_thread
from oe_lsp.server.transport.client import Client
from oe_lsp.server.transport.positions import Positions
from oe_lsp.server.transport.protocol import JsonText
from oe_lsp.server.transport.uris import path_of, uri_of

SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFORMATION: types.DiagnosticSeverity.Information,
    Severity.HINT: types.DiagnosticSeverity.Hint,
}


_MANY = 20
"""From this many problems on, a thread encodes them. For fewer it would make an edit a seventh slower (100 nodes)."""


class _Report(Struct, frozen=True):
    id: str
    items: list[types.Diagnostic]


Source = Callable[[Snapshot], list[types.Diagnostic]]
"""What else than an analysis finds something in a document. Called in any thread."""


class Diagnostics:
    """Subscribes to the documents of one client. `severities` returns the user's current overrides by code."""

    def __init__(
        self,
        client: Client,
        documents: Documents,
        capabilities: Capabilities,
        encoding: Encoding,
        severities: Callable[[], Mapping[str, Severity | None]],
    ) -> None:
        self._client = client
        self._documents = documents
        self._capabilities = capabilities
        self._encoding = encoding
        self._severities = severities
        self._ids = count(1)
        self._analysed: dict[str, int] = {}
        self._reports: dict[str, _Report] = {}
        self._sources: list[Source] = []
        self._pushes: dict[str, int] = {}
        documents.subscribe(self._refresh if capabilities.pulls_diagnostics else self._push)

    def add(self, source: Source) -> None:
        """Show what `source` finds, too, in each document."""
        self._sources.append(source)

    async def refresh(self, uri: str) -> None:
        """What a source finds in a document has changed."""
        if self._capabilities.pulls_diagnostics:
            self._request_refresh()
        elif (snapshot := await self._documents.snapshot(uri)) is not None:
            await self._push(snapshot)

    def report(
        self, snapshot: Snapshot, previous_id: str | None
    ) -> types.RelatedFullDocumentDiagnosticReport | types.RelatedUnchangedDocumentDiagnosticReport:
        """The problems of a snapshot; "unchanged" where the client has them already."""
        items = self._items(snapshot)
        report = self._reports.get(snapshot.uri)
        if report is None or report.items != items:
            report = self._reports[snapshot.uri] = _Report(str(next(self._ids)), items)
        if report.id == previous_id:
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id=report.id)
        return types.RelatedFullDocumentDiagnosticReport(items=items, result_id=report.id)

    def severities_changed(self) -> None:
        """Bring the diagnostics of all documents up to date."""
        if self._capabilities.pulls_diagnostics:
            self._request_refresh()
        else:
            self._documents.refresh()

    def clear(self, uri: str) -> None:
        """Remove the diagnostics of a document that was closed from the editor's list."""
        self._analysed.pop(uri, None)
        self._reports.pop(uri, None)
        self._pushes.pop(uri, None)
        if not self._capabilities.pulls_diagnostics:
            self._client.notify(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, types.PublishDiagnosticsParams(uri, []))

    async def _push(self, snapshot: Snapshot) -> None:
        number = self._pushes[snapshot.uri] = next(self._ids)
        is_small = len(snapshot.analysis.problems) < _MANY
        encode = partial(self._encoded, snapshot)
        params = encode() if is_small else await call_in_thread(encode)
        if self._documents.is_newest(snapshot) and self._pushes.get(snapshot.uri) == number:  # else a later one has all
            self._client.notify(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, params)

    def _encoded(self, snapshot: Snapshot) -> JsonText:
        params = types.PublishDiagnosticsParams(snapshot.uri, self._items(snapshot), snapshot.version)
        return self._client.encode(params)

    async def _refresh(self, snapshot: Snapshot) -> None:
        before, self._analysed[snapshot.uri] = self._analysed.get(snapshot.uri), snapshot.version
        if before == snapshot.version:  # only files that the experience names have changed: the client cannot know
            self._request_refresh()

    def _request_refresh(self) -> None:
        if self._capabilities.diagnostic_refresh:
            self._client.refresh(types.WORKSPACE_DIAGNOSTIC_REFRESH)

    def _items(self, snapshot: Snapshot) -> list[types.Diagnostic]:
        at = Positions(snapshot.analysis.lines, self._encoding)
        found = [
            types.Diagnostic(
                range=at.range(each.span),
                severity=SEVERITIES[each.severity],
                code=each.code,
                code_description=types.CodeDescription(href=each.href),
                source="oe",
                message=each.message,
                related_information=self._related(each.related, snapshot.uri, at) or None,
                data=dict(each.data) or None,
            )
            for each in diagnostics(snapshot.analysis.problems, self._severities())
        ]
        return [*found, *(item for source in self._sources for item in source(snapshot))]

    def _related(self, places: Sequence[Related], uri: str, own: Positions) -> list[types.DiagnosticRelatedInformation]:
        if not self._capabilities.related_information:
            return []
        found = []
        for place in places:
            at = own if place.file is None else Positions(LineIndex(place.file.text), self._encoding)
            where = uri if place.file is None else _uri_of_other(place.file, uri)
            found.append(types.DiagnosticRelatedInformation(types.Location(where, at.range(place.span)), place.message))
        return found


def _uri_of_other(file: OtherFile, uri: str) -> str:
    """The URI of another file that the experience at `uri` leads to."""
    own = path_of(uri)
    assert own is not None, "only an experience on disk leads to other files"
    return uri_of(Path(os.path.normpath(own.parent / file.path)))
