"""`textDocument/completion`."""

from __future__ import annotations

from lsprotocol import types

from oe_lsp.ide.completion.complete import complete
from oe_lsp.ide.completion.context import MAX_NAMES
from oe_lsp.ide.completion.offer import Offer, OfferKind
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.server.session.client_capabilities import Capabilities
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.positions import Positions

_KINDS = {
    OfferKind.KEY: types.CompletionItemKind.Property,
    OfferKind.VALUE: types.CompletionItemKind.EnumMember,
    OfferKind.SNIPPET: types.CompletionItemKind.Snippet,
    OfferKind.VERTEX: types.CompletionItemKind.Class,
    OfferKind.FIELD: types.CompletionItemKind.Field,
    OfferKind.PHASE: types.CompletionItemKind.Module,
    OfferKind.MODEL: types.CompletionItemKind.Constant,
    OfferKind.FILE: types.CompletionItemKind.File,
    OfferKind.FOLDER: types.CompletionItemKind.Folder,
    OfferKind.VARIABLE: types.CompletionItemKind.Variable,
    OfferKind.FUNCTION: types.CompletionItemKind.Function,
    OfferKind.WORD: types.CompletionItemKind.Keyword,
}

_SUGGEST_AGAIN = types.Command(title="Suggest", command="editor.action.triggerSuggest")


def completion(session: Session, snapshot: Snapshot, params: types.CompletionParams) -> types.CompletionList:
    """What can be written at a position."""
    at = session.positions(snapshot.analysis.lines)
    offers = complete(snapshot, at.offset(params.position), session.documents.files(snapshot.uri))
    items = [_item(offer, number, at, session.capabilities) for number, offer in enumerate(offers)]
    return types.CompletionList(is_incomplete=len(offers) >= MAX_NAMES, items=items)


def _item(offer: Offer, number: int, at: Positions, client: Capabilities) -> types.CompletionItem:
    is_snippet = offer.is_snippet and client.snippets
    return types.CompletionItem(
        label=offer.label,
        kind=_KINDS[offer.kind],
        detail=offer.detail or None,
        documentation=_documentation(offer, client),
        sort_text=f"{number:04}",
        filter_text=offer.filter or offer.label,  # Neovim filters by nothing else where there is a text edit
        insert_text_format=types.InsertTextFormat.Snippet if is_snippet else types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AdjustIndentation if client.adjusts_indentation else None,
        text_edit=types.TextEdit(at.range(offer.span), offer.text if is_snippet else offer.plain_text),
        command=_SUGGEST_AGAIN if offer.retriggers and client.is_vscode else None,
    )


def _documentation(offer: Offer, client: Capabilities) -> types.MarkupContent | str | None:
    if offer.documentation and client.completion_markdown:
        return types.MarkupContent(types.MarkupKind.Markdown, offer.documentation)
    return offer.plain_documentation or None
