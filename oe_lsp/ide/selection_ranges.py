"""Selection ranges: what "Expand Selection" selects, from the name to the whole text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from engine.syntax import NodeKind, Span, Style, View
from oe_lsp.ide.document.cursor import Cursor, cursor_at
from oe_lsp.ide.document.scalar_text import scalar_text
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.names.symbol_references import mentions_of_value, paths_in


def selections(snapshot: Snapshot, offset: int) -> tuple[Span, ...]:
    """Return the spans around an offset, each wider than the one before; the last one is the whole text."""
    cursor = cursor_at(snapshot, offset)
    candidates = [*(_enclosing(cursor) if cursor else ()), Span(0, len(snapshot.text))]
    chosen: list[Span] = []
    for span in candidates:
        if span.contains(offset) and (not chosen or _is_wider(span, chosen[-1])):
            chosen.append(span)
    return tuple(chosen)


def _is_wider(span: Span, than: Span) -> bool:
    return span != than and span.start <= than.start and span.end >= than.end


def _enclosing(cursor: Cursor) -> Iterator[Span]:
    if cursor.view.kind is NodeKind.SCALAR:
        yield from _in_scalar(cursor)
    yield cursor.view.span
    for inner, outer in pairwise((cursor.view, *reversed(cursor.ancestors))):
        yield from (entry.span for entry in outer.entries() if inner in (entry.key, entry.value))
        yield outer.span


def _in_scalar(cursor: Cursor) -> Iterator[Span]:
    """Yield the name, the path with its `$`, the placeholder, the line, and the text inside quotes."""
    scalar, offset = cursor.view, cursor.offset
    names = (mention.span for mention in mentions_of_value(cursor.steps, scalar, cursor.item))
    yield from (span for span in names if span.contains(offset))
    paths = (span for _, span in paths_in(cursor.steps, scalar))
    yield from (span for span in paths if span.contains(offset))
    text = scalar_text(scalar)
    yield from _placeholder(scalar, offset)
    if scalar.style in {Style.LITERAL, Style.FOLDED}:
        yield _line(scalar, offset)
        yield _trimmed(scalar, Span(text.start, scalar.span.end))
    elif scalar.style in {Style.SINGLE, Style.DOUBLE}:
        yield text.span(Span(0, len(text.text)))


def _placeholder(scalar: View, offset: int) -> Iterator[Span]:
    source, at = scalar.text, offset - scalar.start
    start, end = source.rfind("{{", 0, at + 2), source.find("}}", max(at - 2, 0))
    if 0 <= start < end:
        yield Span(start, end + 2).shift(scalar.start)


def _line(scalar: View, offset: int) -> Span:
    source, at = scalar.text, offset - scalar.start
    start = max(source.rfind(mark, 0, at) for mark in "\r\n") + 1
    ends = [end for mark in "\r\n" if (end := source.find(mark, at)) >= 0]
    return _trimmed(scalar, Span(start, min(ends, default=len(source))).shift(scalar.start))


def _trimmed(scalar: View, span: Span) -> Span:
    """Trim white space from a span of a scalar."""
    text = scalar.text[span.start - scalar.start : span.end - scalar.start]
    start = span.start + len(text) - len(text.lstrip())
    return Span(start, max(start, span.start + len(text.rstrip())))
