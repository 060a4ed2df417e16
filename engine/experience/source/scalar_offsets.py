"""Maps spans of a scalar's value to its source, which differs from it in white space and escapes."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from engine.syntax import Span, Style, View
from engine.syntax.green_tree import Scalar

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
_HEADER = re.compile(r"[|>][^\r\n]*")
_TOKENS = {
    Style.SINGLE: re.compile(r"''|\S"),
    Style.DOUBLE: re.compile(
        r"\\(?:x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})|.)|\S", re.DOTALL
    ),
}
_NON_BLANK = re.compile(r"\S")
_BLANK_ESCAPES = frozenset("tnvfrN_LP \t\r\n\x85\u2028\u2029")


def source_span(scalar: View, span: Span) -> Span | None:
    """The source of a span of a scalar's value, relative to the scalar; None if that cannot be determined."""
    return _positions(scalar.green).find(span) if isinstance(scalar.green, Scalar) else None


class _Positions(Struct):
    """The positions of the non-blank characters in the value and, one to one, in the source."""

    shift: int | None
    """The offset of the value in the source, if it is written there literally."""
    in_value: Sequence[int] = ()
    in_source: Sequence[tuple[int, int]] = ()

    def find(self, span: Span) -> Span | None:
        if self.shift is not None:
            return span.shift(self.shift)
        first, behind = bisect_left(self.in_value, span.start), bisect_left(self.in_value, span.end)
        if first == behind or len(self.in_value) != len(self.in_source):
            return None
        return Span(self.in_source[first][0], self.in_source[behind - 1][1])


@lru_cache(maxsize=8)
def _positions(scalar: Scalar) -> _Positions:
    """Cached, since a prompt may have a problem in each of its lines."""
    source, value = scalar.text, str(scalar.data)
    begin, end = _inside(source, scalar.style)
    if source[begin:end] == value:
        return _Positions(begin)
    signs = _TOKENS.get(scalar.style, _NON_BLANK).finditer(source, begin, end)
    in_source = [sign.span() for sign in signs if not _is_blank(sign)]
    return _Positions(None, [sign.start() for sign in _NON_BLANK.finditer(value)], in_source)


def _inside(source: str, style: Style) -> tuple[int, int]:
    found = _PROPERTIES.match(source)
    begin = found.end() if found else 0
    if style in (Style.SINGLE, Style.DOUBLE):
        return begin + 1, len(source) - 1
    header = _HEADER.match(source, begin) if style in (Style.LITERAL, Style.FOLDED) else None
    return header.end() if header else begin, len(source)


def _is_blank(sign: re.Match[str]) -> bool:
    """Checks that an escape stands for white space or nothing."""
    written = sign.group()
    if written[0] != "\\" or len(written) == 1 or sign.re is not _TOKENS[Style.DOUBLE]:
        return False
    code = sign["x"] or sign["u"] or sign["U"]
    return chr(min(int(code, 16), 0x10FFFF)).isspace() if code else written[1] in _BLANK_ESCAPES
