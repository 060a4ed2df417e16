"""Finds the start and end of the one document of a text: byte order mark, directives, `---` and `...`."""

from __future__ import annotations

import re

from msgspec import Struct

from engine.syntax.lines import with_newlines
from engine.syntax.problems import SyntaxCode, SyntaxProblem
from engine.syntax.spans import Span

BYTE_ORDER_MARK = "\ufeff"

_BLANK_LINES = r"(?:[ \t]*(?:#[^\n]*)?\n)*"
_MARKER = r"(?=[ \t\n]|\Z)"
_START = re.compile(rf"{_BLANK_LINES}---[ \t]*(?:[ \t]#[^\n]*)?(?:\n|\Z)")
_DIRECTIVE_OR_START = re.compile(rf"{_BLANK_LINES}(?:%|---{_MARKER})")
_NOTHING = re.compile(rf"{_BLANK_LINES}[ \t]*(?:#[^\n]*)?\Z")
_AFTER_END = re.compile(rf"(?:{_BLANK_LINES}\.\.\.{_MARKER})*{_BLANK_LINES}[ \t]*(?P<content>[^\s#][^\n]*)?")
_MARKER_HERE = re.compile(rf"(?:---|\.\.\.){_MARKER}")
_MARKERS = tuple(re.compile(rf"\n{re.escape(dots)}{_MARKER}") for dots in ("---", "..."))


class Extent(Struct, frozen=True):
    """The range of the first document's content (code points), and the problems around it."""

    begin: int
    end: int
    problems: tuple[SyntaxProblem, ...]


def first_document(text: str) -> Extent:
    """Return the extent of the first document of a text, with a problem if it is not the only one.

    A BOM and a `---` line are left out; directives, and a `---` with content on its line, are kept.
    """
    lines = with_newlines(text)
    begin = 1 if text.startswith(BYTE_ORDER_MARK) else 0
    started = _START.match(lines, begin)
    if started:
        begin = started.end()
    search_from = begin
    if not started and _DIRECTIVE_OR_START.match(lines, begin):
        search_from = _next_marker(lines, begin) + 3
    end = _next_marker(lines, search_from)
    return Extent(begin, end, _problems_at(lines, begin, end, is_started=started is not None))


def _next_marker(lines: str, at: int) -> int:
    """Return the start of the next line that begins with a marker, or the end of the text."""
    if _MARKER_HERE.match(lines, at) and (at == 0 or lines[at - 1] in "\n" + BYTE_ORDER_MARK):
        return at
    found = [match.start() + 1 for marker in _MARKERS if (match := marker.search(lines, at))]
    return min(found, default=len(lines))


def _problems_at(lines: str, begin: int, end: int, *, is_started: bool) -> tuple[SyntaxProblem, ...]:
    if lines.startswith("...", end):
        if not is_started and _NOTHING.match(lines[begin:end]):
            message = "`...` ends a document, but none has begun; remove this line"
            return (SyntaxProblem(SyntaxCode.INVALID_YAML, message, Span(end, end + 3)),)
        after = _AFTER_END.match(lines, end)
        if after is None or after["content"] is None:
            return ()
        span = Span(*after.span("content"))
    elif end < len(lines):
        span = Span(end, end + 3)
    else:
        return ()
    message = "Only one document is allowed per file; remove the others, or move each to a file of its own"
    return (SyntaxProblem(SyntaxCode.SEVERAL_DOCUMENTS, message, span),)
