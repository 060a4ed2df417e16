"""Where a stretch of a scalar's value stands in its source. The two differ in white space, and where escapes stand."""

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
_SIGNS = {
    Style.SINGLE: re.compile(r"''|\S"),
    Style.DOUBLE: re.compile(
        r"\\(?:x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})|.)|\S", re.DOTALL
    ),
}
_SIGN = re.compile(r"\S")
_BLANK_ESCAPES = frozenset("tnvfrN_LP \t\r\n\x85\u2028\u2029")


def place_inside(scalar: View, span: Span) -> Span | None:
    """Where a stretch of the value of a scalar is, from the start of the scalar; None where that cannot be told."""
    return _places(scalar.green).find(span) if isinstance(scalar.green, Scalar) else None


class _Places(Struct):
    """Where the characters are that are no white space, in the value and in the source: the same ones in both."""

    shift: int | None
    """How much further on the source is, where it is the value itself."""
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
def _places(scalar: Scalar) -> _Places:
    """Worked out once for a scalar: a prompt may have a problem in each of its lines."""
    source, value = scalar.text, str(scalar.data)
    begin, end = _inside(source, scalar.style)
    if source[begin:end] == value:
        return _Places(begin)
    signs = _SIGNS.get(scalar.style, _SIGN).finditer(source, begin, end)
    in_source = [sign.span() for sign in signs if not _is_blank(sign)]
    return _Places(None, [sign.start() for sign in _SIGN.finditer(value)], in_source)


def _inside(source: str, style: Style) -> tuple[int, int]:
    found = _PROPERTIES.match(source)
    begin = found.end() if found else 0
    if style in (Style.SINGLE, Style.DOUBLE):
        return begin + 1, len(source) - 1
    header = _HEADER.match(source, begin) if style in (Style.LITERAL, Style.FOLDED) else None
    return header.end() if header else begin, len(source)


def _is_blank(sign: re.Match[str]) -> bool:
    """Whether an escape stands for white space, or for nothing."""
    written = sign.group()
    if written[0] != "\\" or len(written) == 1 or sign.re is not _SIGNS[Style.DOUBLE]:
        return False
    code = sign["x"] or sign["u"] or sign["U"]
    return chr(min(int(code, 16), 0x10FFFF)).isspace() if code else written[1] in _BLANK_ESCAPES
