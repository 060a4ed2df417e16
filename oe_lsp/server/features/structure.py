"""Requests about a document as a whole: symbols, folding, selection ranges, links and semantic tokens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from itertools import count
from pathlib import Path

from lsprotocol import types

from engine.syntax import Encoding, LineIndex, Span
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.document_links import links
from oe_lsp.ide.document_symbols import Symbol, matches, symbols
from oe_lsp.ide.folding import folds
from oe_lsp.ide.selection_ranges import selections
from oe_lsp.ide.semantic_tokens.encoding import change_between, encoded_tokens
from oe_lsp.server.features.document_symbols import SYMBOL_KINDS, document_symbols
from oe_lsp.server.session.client_capabilities import Client
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.session.thread_calls import OverdueError, call_in_thread
from oe_lsp.server.session.workspace_outlines import Outline, Outlines
from oe_lsp.server.transport import convert
from oe_lsp.server.transport.paths import path_of, uri_of
from oe_lsp.server.transport.protocol import Plain, plain_structs

_MOST_SYMBOLS = 500
"""How many symbols of a workspace are sent: nobody reads more, and the next letter asks again."""


class Structure:
    """Answers for the documents of one client, in what it can show; worked out in a thread, as in Navigation.

    `folders` finds the folders of the workspace that hold an experience.
    """

    def __init__(
        self,
        documents: Documents,
        client: Client,
        encoding: Encoding,
        folders: Callable[[], Awaitable[Iterable[Path]]],
    ) -> None:
        self._documents = documents
        self._client = client
        self._encoding = encoding
        self._folders = folders
        self._outlines = Outlines()
        self._numbers = count(1)
        self._sent: dict[str, tuple[str, list[int]]] = {}

    async def document_symbols(
        self, params: types.DocumentSymbolParams
    ) -> Plain | list[types.SymbolInformation] | None:
        """The outline of a document; flat for clients that know no other."""

        def find(snapshot: Snapshot) -> Plain | list[types.SymbolInformation]:
            lines, found = snapshot.analysis.lines, symbols(snapshot.analysis.tree.root)
            if self._client.nests_symbols:
                return plain_structs(document_symbols(found, lines, self._encoding))
            return [
                self._information(symbol, snapshot.uri, section.name, lines)
                for section in found
                for symbol in section.children
            ]

        return await self._documents.ask(params.text_document.uri, find)

    async def workspace_symbols(self, params: types.WorkspaceSymbolParams) -> list[types.SymbolInformation]:
        """What has a name that fits, in all experiences of the workspace."""
        folders, opened = await self._folders(), self._documents.snapshots()
        try:
            return await call_in_thread(lambda: self._search(params.query, self._outlines.look(folders, opened)))
        except OverdueError:
            return []

    async def folds(self, params: types.FoldingRangeParams) -> list[types.FoldingRange] | None:
        """What can be folded, whole lines each."""

        def find(snapshot: Snapshot) -> list[types.FoldingRange]:
            return [
                types.FoldingRange(
                    start_line=fold.first_line,
                    end_line=fold.last_line,
                    kind=types.FoldingRangeKind.Comment if fold.is_comment else None,
                )
                for fold in folds(snapshot, self._client.most_folds)
            ]

        return await self._documents.ask(params.text_document.uri, find)

    async def selections(self, params: types.SelectionRangeParams) -> list[types.SelectionRange] | None:
        """For each position, what selecting more and more selects."""

        def find(snapshot: Snapshot) -> list[types.SelectionRange]:
            lines = snapshot.analysis.lines
            offsets = (convert.to_offset(lines, position, self._encoding) for position in params.positions)
            return [self._selection(selections(snapshot, offset), lines) for offset in offsets]

        return await self._documents.ask(params.text_document.uri, find)

    async def links(self, params: types.DocumentLinkParams) -> list[types.DocumentLink] | None:
        """The files that a document names."""

        def find(snapshot: Snapshot) -> list[types.DocumentLink]:
            path = path_of(snapshot.uri)
            return [
                types.DocumentLink(
                    range=convert.to_range(snapshot.analysis.lines, link.span, self._encoding),
                    target=uri_of(path.parent / link.path),
                    tooltip=link.tooltip if self._client.shows_tooltips else None,
                )
                for link in links(snapshot, self._documents.files(snapshot.uri))
                if path is not None
            ]

        return await self._documents.ask(params.text_document.uri, find)

    async def tokens(self, params: types.SemanticTokensParams) -> types.SemanticTokens | None:
        """All semantic tokens of a document."""
        uri = params.text_document.uri
        data = await self._documents.ask(uri, self._encoded)
        return None if data is None else types.SemanticTokens(data, self._remember(uri, data))

    async def token_changes(
        self, params: types.SemanticTokensDeltaParams
    ) -> types.SemanticTokens | types.SemanticTokensDelta | None:
        """How the tokens differ from those that were sent before; all of them, where the client has others."""
        uri = params.text_document.uri
        data = await self._documents.ask(uri, self._encoded)
        known = self._sent.get(uri)
        if data is None:
            return None
        result_id = self._remember(uri, data)
        if known is None or known[0] != params.previous_result_id:
            return types.SemanticTokens(data, result_id)
        change = await asyncio.to_thread(change_between, known[1], data)
        edits = [types.SemanticTokensEdit(change.start, change.removed, list(change.added))] if change else []
        return types.SemanticTokensDelta(edits, result_id)

    async def tokens_within(self, params: types.SemanticTokensRangeParams) -> types.SemanticTokens | None:
        """The tokens of the nodes in a range."""

        def find(snapshot: Snapshot) -> list[int]:
            lines, range_ = snapshot.analysis.lines, params.range
            start, end = (convert.to_offset(lines, at, self._encoding) for at in (range_.start, range_.end))
            return self._encoded(snapshot, Span(start, end))

        data = await self._documents.ask(params.text_document.uri, find)
        return None if data is None else types.SemanticTokens(data)

    def _encoded(self, snapshot: Snapshot, within: Span | None = None) -> list[int]:
        return encoded_tokens(snapshot, self._encoding, within, over_lines=self._client.takes_long_tokens)

    def _remember(self, uri: str, data: list[int]) -> str:
        result_id = str(next(self._numbers))
        self._sent = {known: sent for known, sent in self._sent.items() if known in self._documents}
        self._sent[uri] = (result_id, data)
        return result_id

    def _search(self, query: str, outlines: Iterable[Outline]) -> list[types.SymbolInformation]:
        found = (
            self._information(symbol, outline.uri, outline.name, outline.lines)
            for outline in outlines
            for symbol in outline.symbols
            if matches(query, symbol.name)
        )
        return [symbol for symbol, _ in zip(found, range(_MOST_SYMBOLS), strict=False)]

    def _information(self, symbol: Symbol, uri: str, container: str, lines: LineIndex) -> types.SymbolInformation:
        place = types.Location(uri, convert.to_range(lines, symbol.name_span, self._encoding))
        return types.SymbolInformation(place, symbol.name, SYMBOL_KINDS[symbol.kind], container_name=container)

    def _selection(self, spans: tuple[Span, ...], lines: LineIndex) -> types.SelectionRange:
        outer: types.SelectionRange | None = None
        for span in reversed(spans):
            outer = types.SelectionRange(convert.to_range(lines, span, self._encoding), outer)
        assert outer is not None  # the whole text is always one
        return outer
