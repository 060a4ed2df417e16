"""Offsets of the engine, in code points, to LSP positions in the client's encoding, and back."""

from __future__ import annotations

from lsprotocol import types
from msgspec import Struct

from engine.syntax import Encoding, LineIndex, Span, column_of_units


class Positions(Struct, frozen=True):
    """Converts the places of one text."""

    lines: LineIndex
    encoding: Encoding

    def range(self, span: Span) -> types.Range:
        """The LSP range of a span."""
        return types.Range(self.position(span.start), self.position(span.end))

    def offset(self, position: types.Position) -> int:
        """The offset of a position, clamped to the text."""
        column = column_of_units(self.lines.line_text(position.line), position.character, self.encoding)
        return self.lines.offset(position.line, column)

    def position(self, offset: int) -> types.Position:
        """The LSP position of an offset."""
        place = self.lines.position_in(offset, self.encoding)
        return types.Position(place.line, place.column)


def encoding_of(kind: types.PositionEncodingKind | str | None) -> Encoding:
    """The negotiated encoding; UTF-16 by default (LSP 3.17, PositionEncodingKind)."""
    return Encoding(types.PositionEncodingKind(kind).value) if kind else Encoding.UTF16
