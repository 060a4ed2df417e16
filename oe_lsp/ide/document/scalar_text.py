"""The text of a scalar for the expression and placeholder parsers, and its mapping to offsets in the file.

For plain and block scalars it is the source, which differs from the value only in white space.
"""

from __future__ import annotations

import re

from msgspec import Struct

from engine.syntax import Span, Style, View


class ScalarText(Struct, frozen=True):
    """`text` begins at offset `start`; if it has escapes, `places` holds the offset of every character."""

    text: str
    start: int
    places: tuple[int, ...] = ()

    def span(self, span: Span) -> Span:
        """Return the span in the file of a span of `text`."""
        return Span(self.offset(span.start), self.offset(span.end))

    def offset(self, at: int) -> int:
        """Return the offset in the file of character `at` of `text`, or of its end."""
        if not self.places:
            return self.start + at
        return self.places[min(at, len(self.places) - 1)]


def scalar_text(scalar: View) -> ScalarText:
    """Return the text of a scalar; empty for one with a tag or an anchor."""
    source = scalar.text
    if source[:1] in {"&", "!"}:
        return ScalarText("", scalar.span.end)
    if scalar.style in {Style.SINGLE, Style.DOUBLE}:
        return _quoted_text(source[1:-1] if len(source) > 1 else "", scalar.start + 1, scalar.style)
    if scalar.style in {Style.LITERAL, Style.FOLDED}:
        header = _HEADER.match(source)
        at = header.end() if header else len(source)
        return ScalarText(source[at:], scalar.start + at)
    return ScalarText(source, scalar.start)


def _quoted_text(inside: str, start: int, style: Style) -> ScalarText:
    """Return quoted text whose content begins at offset `start`, with escapes resolved."""
    pattern = _ESCAPES[style]
    if not pattern.search(inside):
        return ScalarText(inside, start)
    characters: list[str] = []
    places: list[int] = []
    at = 0
    while at < len(inside):
        escape = pattern.match(inside, at)
        characters.append(_meaning(escape) if escape else inside[at])
        places.append(start + at)
        at = escape.end() if escape else at + 1
    return ScalarText("".join(characters), start, (*places, start + len(inside)))


_HEADER = re.compile(r"[|>][^\r\n]*(?:\r\n|\r|\n|\Z)")
_ESCAPES = {
    Style.SINGLE: re.compile(r"''"),
    Style.DOUBLE: re.compile(r"\\(?:x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})|(?P<c>.))"),
}
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "e": "\x1b", "_": "\xa0"}
_LARGEST = 0x10FFFF


def _meaning(escape: re.Match[str]) -> str:
    if escape.group() == "''":
        return "'"
    groups = escape.groupdict()
    code = groups["x"] or groups["u"] or groups["U"]
    if code is None:
        return _LETTERS.get(groups["c"], groups["c"])
    return chr(min(int(code, 16), _LARGEST))
