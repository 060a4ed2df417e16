"""Requests about what is at the cursor, completion and hover, answered for the newest text of a document."""

from __future__ import annotations

from lsprotocol import types

from engine.syntax import Encoding
from oe_lsp.ide.completion.complete import complete
from oe_lsp.ide.completion.context import MAX_NAMES
from oe_lsp.ide.completion.offer import Offer, OfferKind
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.hover.hover import hover
from oe_lsp.server.session.client_capabilities import Client
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.transport import convert

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


class Editing:
    """Answers for the documents of one client, in what it can show."""

    def __init__(self, documents: Documents, client: Client, encoding: Encoding) -> None:
        self._documents = documents
        self._client = client
        self._encoding = encoding

    async def complete(self, params: types.CompletionParams) -> types.CompletionList | None:
        """The offers at a position; None outside of experiences."""

        def find(snapshot: Snapshot) -> types.CompletionList:
            offset = convert.to_offset(snapshot.analysis.lines, params.position, self._encoding)
            offers = complete(snapshot, offset, self._documents.files(snapshot.uri))
            is_cut = len(offers) >= MAX_NAMES
            return types.CompletionList(is_cut, [self._item(snapshot, offer, at) for at, offer in enumerate(offers)])

        return await self._documents.ask(params.text_document.uri, find)

    async def hover(self, params: types.HoverParams) -> types.Hover | None:
        """What to show of what is at a position."""

        def find(snapshot: Snapshot) -> types.Hover | None:
            lines = snapshot.analysis.lines
            found = hover(snapshot, convert.to_offset(lines, params.position, self._encoding))
            if found is None:
                return None
            is_markdown = self._client.hovers_markdown
            kind = types.MarkupKind.Markdown if is_markdown else types.MarkupKind.PlainText
            content = types.MarkupContent(kind, found.markdown if is_markdown else found.text)
            return types.Hover(content, convert.to_range(lines, found.span, self._encoding))

        return await self._documents.ask(params.text_document.uri, find)

    def _item(self, snapshot: Snapshot, offer: Offer, position: int) -> types.CompletionItem:
        client = self._client
        is_snippet = offer.is_snippet and client.knows_snippets
        where = convert.to_range(snapshot.analysis.lines, offer.span, self._encoding)
        return types.CompletionItem(
            label=offer.label,
            kind=_KINDS[offer.kind],
            detail=offer.detail or None,
            documentation=self._documentation(offer),
            sort_text=f"{position:04}",
            filter_text=offer.filter or None,
            insert_text_format=types.InsertTextFormat.Snippet if is_snippet else types.InsertTextFormat.PlainText,
            insert_text_mode=types.InsertTextMode.AdjustIndentation if client.adjusts_indentation else None,
            text_edit=types.TextEdit(where, offer.text if is_snippet else offer.plain_text),
            command=_ASK_AGAIN if offer.retriggers and client.is_vscode else None,
        )

    def _documentation(self, offer: Offer) -> types.MarkupContent | str | None:
        if offer.documentation and self._client.offers_markdown:
            return types.MarkupContent(types.MarkupKind.Markdown, offer.documentation)
        return offer.plain_documentation or None


_ASK_AGAIN = types.Command(title="Suggest", command="editor.action.triggerSuggest")
