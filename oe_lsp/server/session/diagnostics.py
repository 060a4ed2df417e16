"""Tells the client what is wrong: with every new snapshot, or, where the client asks for it, when it asks. Never both.

What is wrong is engine/experience's, how it is shown oe_lsp/ide/diagnostics.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from lsprotocol import types
from msgspec import Struct

from engine.experience.problems import Severity
from engine.syntax import Encoding
from oe_lsp.ide.diagnostics import diagnostics
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.server.session.client_capabilities import Client
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.transport import convert

if TYPE_CHECKING:
    from oe_lsp.server.experience_server import ExperienceServer


class _Report(Struct, frozen=True):
    id: str
    found: list[types.Diagnostic]


class Diagnosis:
    """Of the documents of one client. `severities` are the user's own, as they are now."""

    def __init__(
        self,
        server: ExperienceServer,
        documents: Documents,
        client: Client,
        encoding: Encoding,
        severities: Callable[[], Mapping[str, Severity | None]],
    ) -> None:
        self._server = server
        self._documents = documents
        self._client = client
        self._encoding = encoding
        self._severities = severities
        self._numbers = count(1)
        self._analysed: dict[str, int] = {}
        self._reported: dict[str, _Report] = {}

    def prepare(self, snapshot: Snapshot) -> Callable[[], None]:
        """What tells of a new snapshot of a document. For a thread: a thousand problems take their time."""
        if self._client.pulls_diagnostics:
            return partial(self._note, snapshot)
        params = types.PublishDiagnosticsParams(snapshot.uri, self._found(snapshot), snapshot.version)
        plain = self._server.protocol.plain(params)
        return partial(self._server.protocol.notify_plain, types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, plain)

    def _note(self, snapshot: Snapshot) -> None:
        before, self._analysed[snapshot.uri] = self._analysed.get(snapshot.uri), snapshot.version
        if before == snapshot.version:  # the text is as it was, the files that it names are not: the client cannot know
            self._ask_to_ask()

    def severities_changed(self) -> None:
        """What was told is out of date for every document."""
        if self._client.pulls_diagnostics:
            self._ask_to_ask()
            return
        self._documents.look_again()

    def forget(self, uri: str) -> None:
        """A document was closed: its problems go from the editor's list."""
        self._analysed.pop(uri, None)
        self._reported.pop(uri, None)
        if not self._client.pulls_diagnostics:
            self._server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    async def report(
        self, params: types.DocumentDiagnosticParams
    ) -> types.RelatedFullDocumentDiagnosticReport | types.RelatedUnchangedDocumentDiagnosticReport:
        """The problems of the newest text; nothing but "unchanged" where the client has them already."""
        uri = params.text_document.uri
        found = await self._documents.ask(uri, self._found)
        if found is None:
            return types.RelatedFullDocumentDiagnosticReport(items=[])
        report = self._reported.get(uri)
        if report is None or report.found != found:
            report = self._reported[uri] = _Report(str(next(self._numbers)), found)
        if report.id == params.previous_result_id:
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id=report.id)
        return types.RelatedFullDocumentDiagnosticReport(items=found, result_id=report.id)

    def _ask_to_ask(self) -> None:
        if self._client.refreshes_diagnostics:
            self._server.workspace_diagnostic_refresh(None)

    def _found(self, snapshot: Snapshot) -> list[types.Diagnostic]:
        return convert.to_diagnostics(
            diagnostics(snapshot.analysis.problems, self._severities()),
            snapshot.uri,
            snapshot.analysis.lines,
            self._encoding,
            with_related=self._client.shows_related,
        )
