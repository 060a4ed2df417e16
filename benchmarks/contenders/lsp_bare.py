"""The floor of start-up: a language server of pygls that knows nothing."""

from __future__ import annotations

from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("bare", "1")


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
async def opened(ls: LanguageServer, params: types.DidOpenTextDocumentParams) -> None:
    """No problem ever."""
    document = params.text_document
    ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(document.uri, [], document.version))


@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
async def changed(ls: LanguageServer, params: types.DidChangeTextDocumentParams) -> None:
    """No problem ever."""
    document = params.text_document
    ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(document.uri, [], document.version))


@server.feature(types.TEXT_DOCUMENT_COMPLETION)
async def complete(_: types.CompletionParams) -> types.CompletionList:
    """Offers nothing."""
    return types.CompletionList(is_incomplete=False, items=[])


@server.feature(types.TEXT_DOCUMENT_HOVER)
async def hover(_: types.HoverParams) -> types.Hover | None:
    """Says nothing."""
    return None


@server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
async def symbols(_: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    """Finds nothing."""
    return []


if __name__ == "__main__":
    server.start_io()
