"""`oe/document`: the text of a document of the scheme `oe:`."""

from __future__ import annotations

from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.custom_messages import DocumentParams, DocumentResult, read_params


async def document(session: Session, given: object) -> DocumentResult:
    """The text. Raises JsonRpcInvalidParams, and RequestFailedError where it is no longer known."""
    return DocumentResult(session.virtual_documents.text(read_params(given, DocumentParams).uri))
