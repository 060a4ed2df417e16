"""Encodes semantic tokens as LSP 3.17 does: five numbers for each, relative to the token before.

The numbers of an item are cached: text before it only moves its first token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import takewhile

from msgspec import Struct

from engine.experience.source.locate import Steps
from engine.syntax import Encoding, Green, LineIndex, Span, View, units
from oe_lsp.ide.document.items import MAX_CACHED, items
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.semantic_tokens.legend import LEGEND
from oe_lsp.ide.semantic_tokens.tokens import tokens_in


def encoded_tokens(
    snapshot: Snapshot, encoding: Encoding, within: Span | None = None, *, over_lines: bool = False
) -> list[int]:
    """Return the encoded tokens of a document, or of the items that overlap `within`.

    A token over several lines is split at line ends, unless `over_lines`.
    """
    lines = snapshot.analysis.lines
    data: list[int] = []
    line = column = 0
    found = (item for item in items(snapshot.analysis.tree.root) if within is None or _overlap(item.view.span, within))
    for item in sorted(found, key=lambda item: item.view.start):
        code = _encoded(item.view.green, item.place, encoding, over_lines)
        if code is None:
            continue
        start = item.view.start + code.first
        first = lines.position_in(start, encoding)
        data += (first.line - line, first.column - (column if first.line == line else 0), *code.numbers)
        line = first.line + code.lines
        column = code.column if code.lines else first.column + code.column
    return data


class Change(Struct, frozen=True):
    """A replacement in a list: `removed` numbers from `start` on, by `added`."""

    start: int
    removed: int
    added: Sequence[int]


def change_between(before: Sequence[int], after: Sequence[int]) -> Change | None:
    """Return the one range in which two lists differ, or None if they are equal."""
    if before == after:
        return None
    start = _common_prefix(before, after)
    end = _common_prefix(before[: start - 1 if start else None : -1], after[: start - 1 if start else None : -1])
    return Change(start, len(before) - start - end, after[start : len(after) - end])


def _common_prefix(some: Sequence[int], others: Sequence[int]) -> int:
    """Return the length of the common prefix."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(some, others, strict=False)))


class _Code(Struct, frozen=True):
    """An item's tokens. `first` is the offset of the first one in the item; its line and column are not in `numbers`.

    The last one is `lines` further down, at `column` of its line, or relative to the first one if in the same line.
    """

    first: int
    numbers: tuple[int, ...]
    lines: int
    column: int


@lru_cache(maxsize=MAX_CACHED)
def _encoded(green: Green, place: Steps, encoding: Encoding, over_lines: bool) -> _Code | None:
    text = View(green, 0).text
    index = LineIndex(text)
    numbers: list[int] = []
    first = line = column = 0
    for span, type_ in tokens_in(green, place):
        for part in (span,) if over_lines else _split(span, text):
            at = index.position_in(part.start, encoding)
            if not numbers:
                first, line, first_line, column, first_column = part.start, at.line, at.line, at.column, at.column
            else:
                numbers += (at.line - line, at.column - (column if at.line == line else 0))
            numbers += (units(text[part.start : part.end], encoding), LEGEND.index(type_), 0)
            line, column = at.line, at.column
    if not numbers:
        return None
    return _Code(first, tuple(numbers), line - first_line, column if line > first_line else column - first_column)


_LINE = re.compile(r"[^\r\n]+")


def _split(span: Span, text: str) -> Iterator[Span]:
    """Yield the lines of a span, without white space around them."""
    for line in _LINE.finditer(text, span.start, span.end):
        inside = line.group().strip()
        if inside:
            start = line.start() + line.group().index(inside)
            yield Span(start, start + len(inside))


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
