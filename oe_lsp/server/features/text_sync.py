"""`textDocument/didOpen`, `didChange`, `didClose` and `didSave`."""

from __future__ import annotations

from lsprotocol import types

from oe_lsp.server.session.session import Session


async def did_open(session: Session, params: types.DidOpenTextDocumentParams) -> None:
    """Start to analyse a document."""
    session.open(params.text_document)


async def did_change(session: Session, params: types.DidChangeTextDocumentParams) -> None:
    """Analyse the new text, into which the protocol has merged all changes."""
    uri = params.text_document.uri
    if not params.content_changes:
        return
    text = params.content_changes[-1].text
    if uri in session.documents:
        session.documents.update(uri, params.text_document.version, text)
    else:
        session.other_text_changed(uri, text)


async def did_close(session: Session, params: types.DidCloseTextDocumentParams) -> None:
    """Forget a document."""
    session.close_document(params.text_document.uri)


async def did_save(session: Session, params: types.DidSaveTextDocumentParams) -> None:
    """Analyse again: an experience may name the file that was saved."""
    session.files_changed([params.text_document.uri])
