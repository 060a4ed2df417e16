"""`textDocument/documentSymbol` and `workspace/symbol`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from lsprotocol import types
from msgspec import Struct

from engine.syntax import Encoding, LineIndex, Span
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.document_symbols import Symbol, SymbolKind, matches, symbols
from oe_lsp.server.session.session import Session
from oe_lsp.server.session.thread_calls import OverdueError, call_in_thread
from oe_lsp.server.session.workspace_outlines import Outline, WorkspaceOutlines
from oe_lsp.server.transport.positions import Positions
from oe_lsp.server.transport.protocol import JsonText, encode_structs

_MAX_SYMBOLS = 500
"""The most symbols that a workspace search returns: the next letter searches again."""

# Only kinds that every client knows (LSP 3.17, SymbolKindCapabilities: File to Array).
_KINDS = {
    SymbolKind.SECTION: types.SymbolKind.Namespace,
    SymbolKind.ARG: types.SymbolKind.Variable,
    SymbolKind.FIELD: types.SymbolKind.Field,
    SymbolKind.PHASE: types.SymbolKind.Module,
    SymbolKind.NODE: types.SymbolKind.Function,
    SymbolKind.EDGE: types.SymbolKind.Interface,
    SymbolKind.PIPELINE: types.SymbolKind.Function,
    SymbolKind.LOOP: types.SymbolKind.Function,
}


def document_symbol(
    session: Session,
    snapshot: Snapshot,
    _: types.DocumentSymbolParams,
) -> JsonText | list[types.SymbolInformation]:
    """The outline of a document; flat for clients that cannot show a tree."""
    lines, found = snapshot.analysis.lines, symbols(snapshot.analysis.tree.root)
    if session.capabilities.nested_symbols:
        return encode_structs(_outline(found, lines, session.encoding))
    at = session.positions(lines)
    return [_information(symbol, snapshot.uri, section.name, at) for section in found for symbol in section.children]


async def workspace_symbol(session: Session, params: types.WorkspaceSymbolParams) -> list[types.SymbolInformation]:
    """The symbols whose names match, in all experiences of the workspace."""
    folders, opened = await session.workspace.folders(), session.documents.snapshots()
    outlines = session.state(WorkspaceOutlines)

    def search() -> list[types.SymbolInformation]:
        return list(islice(_matching(session, params.query, outlines.all(folders, opened)), _MAX_SYMBOLS))

    try:
        return await call_in_thread(search)
    except OverdueError:
        return []


def _matching(session: Session, query: str, outlines: Iterable[Outline]) -> Iterator[types.SymbolInformation]:
    for outline in outlines:
        at = session.positions(outline.lines)
        for symbol in outline.symbols:
            if matches(query, symbol.name):
                yield _information(symbol, outline.uri, outline.name, at)


def _information(symbol: Symbol, uri: str, container: str, at: Positions) -> types.SymbolInformation:
    place = types.Location(uri, at.range(symbol.name_span))
    return types.SymbolInformation(place, symbol.name, _KINDS[symbol.kind], container_name=container)


# LSP's DocumentSymbol (3.17) as Structs: an outline has thousands, and lsprotocol's classes take 3 times as long to
# encode.


class Position(Struct, frozen=True, gc=False):
    """`character` counts units of the client's encoding."""

    line: int
    character: int


class Range(Struct, frozen=True, gc=False):
    """From `start` up to `end`."""

    start: Position
    end: Position


class DocumentSymbol(Struct, frozen=True, rename="camel", omit_defaults=True):
    """One symbol with those inside it."""

    name: str
    kind: types.SymbolKind
    range: Range
    selection_range: Range
    detail: str | None = None
    children: list[DocumentSymbol] | None = None


def _outline(found: Iterable[Symbol], lines: LineIndex, encoding: Encoding) -> list[DocumentSymbol]:
    """The symbols of a document, with their positions in units of `encoding`."""

    def position(offset: int) -> Position:
        place = lines.position_in(offset, encoding)
        return Position(place.line, place.column)

    def range_(span: Span) -> Range:
        return Range(position(span.start), position(span.end))

    def symbol_of(symbol: Symbol) -> DocumentSymbol:
        whole = range_(symbol.span)
        return DocumentSymbol(
            symbol.name,
            _KINDS[symbol.kind],
            whole,
            whole if symbol.name_span == symbol.span else range_(symbol.name_span),
            symbol.detail or None,
            [symbol_of(child) for child in symbol.children] or None,
        )

    return [symbol_of(symbol) for symbol in found]
