"""Ranges of text in code points. Lines and the units of clients are in engine.syntax.lines."""

from __future__ import annotations

from msgspec import Struct


class Span(Struct, frozen=True, order=True, gc=False):
    """Half-open range [start, end) of offsets into the text, in code points."""

    start: int
    end: int

    def shift(self, by: int) -> Span:
        """Return the same range, `by` code points further on."""
        return Span(self.start + by, self.end + by)

    def contains(self, offset: int) -> bool:
        """Whether a cursor at `offset` touches the span; its end counts, as in editors."""
        return self.start <= offset <= self.end
