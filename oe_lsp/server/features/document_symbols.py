"""Document symbols as LSP has them (3.17, DocumentSymbol): Structs, since an outline consists of thousands."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types
from msgspec import Struct

from engine.syntax import Encoding, LineIndex, Span
from oe_lsp.ide.document_symbols import Symbol, SymbolKind

# Only kinds that every client knows (LSP 3.17, SymbolKindCapabilities: File to Array).
SYMBOL_KINDS = {
    SymbolKind.SECTION: types.SymbolKind.Namespace,
    SymbolKind.ARG: types.SymbolKind.Variable,
    SymbolKind.FIELD: types.SymbolKind.Field,
    SymbolKind.PHASE: types.SymbolKind.Module,
    SymbolKind.NODE: types.SymbolKind.Function,
    SymbolKind.EDGE: types.SymbolKind.Interface,
    SymbolKind.PIPELINE: types.SymbolKind.Function,
    SymbolKind.LOOP: types.SymbolKind.Function,
}


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


def document_symbols(found: Iterable[Symbol], lines: LineIndex, encoding: Encoding) -> list[DocumentSymbol]:
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
            SYMBOL_KINDS[symbol.kind],
            whole,
            whole if symbol.name_span == symbol.span else range_(symbol.name_span),
            symbol.detail or None,
            [symbol_of(child) for child in symbol.children] or None,
        )

    return [symbol_of(symbol) for symbol in found]
