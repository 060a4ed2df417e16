"""`textDocument/diagnostic`: the problems of a document, for clients that pull them."""

from __future__ import annotations

from lsprotocol import types

from oe_lsp.server.session.session import Session


async def diagnostic(
    session: Session, params: types.DocumentDiagnosticParams
) -> types.RelatedFullDocumentDiagnosticReport | types.RelatedUnchangedDocumentDiagnosticReport:
    """The problems of the newest text; none where the document is not an open experience."""
    report = await session.documents.ask(
        params.text_document.uri, lambda snapshot: session.diagnostics.report(snapshot, params.previous_result_id)
    )
    return report or types.RelatedFullDocumentDiagnosticReport(items=[])
