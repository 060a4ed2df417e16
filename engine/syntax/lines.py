"""Offsets to lines and columns and back, with the line breaks that editors know; the units that clients count in."""

from __future__ import annotations

from bisect import bisect_right
from enum import Enum
from itertools import accumulate

from msgspec import Struct


class Encoding(Enum):
    """What a client counts columns in (LSP 3.17, PositionEncodingKind)."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


_SHORT = 512
"""Code points among which each line is looked for."""

_PATIENCE = 8
"""How many times a text is counted through, for single places, before its lines are worked out."""


class Position(Struct, frozen=True):
    """A place between two characters: zero-based line, zero-based column in code points."""

    line: int
    column: int


class LineIndex:
    r"""The lines of a text. Only \n, \r\n and \r end a line; U+2028 and its like do not, as in every editor.

    The first places are counted from one to the next, since most texts are asked for few of them, and those in their
    order; where all starts of lines are is worked out once that has cost as much.
    """

    __slots__ = ("_known_starts", "_near", "_patience", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._known_starts: list[int] | None = None
        self._near = (0, 0)  # an offset, and its line
        self._patience = 0 if "\r" in text else _PATIENCE * len(text)

    @property
    def _starts(self) -> list[int]:
        if self._known_starts is None:
            lengths = map(len, with_newlines(self._text).split("\n"))
            self._known_starts = [0, *accumulate(map((1).__add__, lengths))]
            self._known_starts.pop()  # the last line has no break
        return self._known_starts

    @property
    def line_count(self) -> int:
        """The number of lines; an empty text has one, and so has what follows a last line break."""
        return len(self._starts)

    def position(self, offset: int) -> Position:
        """Return the position of `offset` (code points); offsets outside the text are clamped to it."""
        offset = min(max(offset, 0), len(self._text))
        line, start = self._line_of(offset)
        return Position(line, offset - start)

    def position_in(self, offset: int, encoding: Encoding) -> Position:
        """Return the position of `offset` with its column in units of `encoding`, as a client counts."""
        offset = min(max(offset, 0), len(self._text))
        line, start = self._line_of(offset)
        return Position(line, units(self._text[start:offset].removesuffix("\r"), encoding))

    def before(self, offset: int) -> str:
        """Return what stands before `offset` in its line; offsets outside the text are clamped to it."""
        offset = min(max(offset, 0), len(self._text))
        _, start = self._line_of(offset)
        return self._text[start:offset].removesuffix("\r")

    def _line_of(self, offset: int) -> tuple[int, int]:
        """The line of an offset in the text, and where it starts."""
        if self._known_starts is None and self._patience > 0:
            near, line = self._near
            line += self._text.count("\n", near, offset) - self._text.count("\n", offset, near)
            start = self._text.rfind("\n", 0, offset) + 1
            self._near = offset, line
            self._patience -= abs(offset - near) + offset - start
            return line, start
        line = bisect_right(self._starts, offset) - 1
        return line, self._starts[line]

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a zero-based position in code points, clamped to the line and to the text."""
        if line < 0:
            return 0
        if line >= len(self._starts):
            return len(self._text)
        return self._starts[line] + min(max(column, 0), len(self.line_text(line)))

    def line_start(self, line: int) -> int:
        """Return the offset at which a zero-based line starts, clamped to the text."""
        return self.offset(line, 0)

    def line_text(self, line: int) -> str:
        """Return a zero-based line without its break; a line that does not exist is empty."""
        if not 0 <= line < len(self._starts):
            return ""
        start = self._starts[line]
        if line + 1 == len(self._starts):
            return self._text[start:]
        end = self._starts[line + 1] - 1
        if self._text[end] == "\n" and end > start and self._text[end - 1] == "\r":
            end -= 1
        return self._text[start:end]


def offset_of(text: str, line: int, count: int, encoding: Encoding) -> int:
    """Return the offset of a zero-based line and `count` units of `encoding` in it, clamped to the line and the text.

    As a LineIndex says, but without the index of all lines: for one place in a text that will be another at once.
    """
    if "\r" in text:
        index = LineIndex(text)
        return index.offset(line, column_of_units(index.line_text(line), count, encoding))
    if line < 0:
        return 0
    start = _start_of(text, line)
    end = text.find("\n", start)
    return start + column_of_units(text[start : end if end >= 0 else len(text)], count, encoding)


def _start_of(text: str, line: int) -> int:
    """Where a line starts; the end of the text where it has none. Halving it costs as much as counting it once."""
    low, high = 0, len(text)
    while high - low > _SHORT:
        middle = (low + high) // 2
        breaks = text.count("\n", low, middle)
        if breaks < line:
            low, line = middle, line - breaks
        else:
            high = middle
    for _ in range(line):
        low = text.find("\n", low) + 1
        if low == 0:
            return len(text)
    return low


def with_newlines(text: str) -> str:
    r"""Return the text with every line break as one \n that ends at the same offset."""
    return text.replace("\r\n", " \n").replace("\r", "\n") if "\r" in text else text


def units(text: str, encoding: Encoding) -> int:
    """Return how many units of `encoding` a text is: before a place in a line, that place's column for a client."""
    if encoding is Encoding.UTF32 or text.isascii():
        return len(text)
    return sum(_width(character, encoding) for character in text)


def column_of_units(line_text: str, count: int, encoding: Encoding) -> int:
    """Return the column (code points) that `count` units of `encoding` reach: `units` of the text before it is `count`.

    A count inside a character gives the column before it; one beyond the line is clamped to it.
    """
    if encoding is Encoding.UTF32 or line_text.isascii():
        return min(max(count, 0), len(line_text))
    reached = 0
    for column, character in enumerate(line_text):
        reached += _width(character, encoding)
        if reached > count:
            return column
    return len(line_text)


def _width(character: str, encoding: Encoding) -> int:
    point = ord(character)
    if encoding is Encoding.UTF16:
        return 2 if point > 0xFFFF else 1
    if point < 0x80:
        return 1
    if point < 0x800:
        return 2
    return 4 if point > 0xFFFF else 3
