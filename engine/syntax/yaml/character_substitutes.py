"""Substitutes of the same length for characters that PyYAML refuses or takes for line breaks.

YAML 1.2 (section 5.4) ends lines at CR and LF only, PyYAML at U+0085, U+2028 and U+2029 too.
"""

from __future__ import annotations

import re

from msgspec import Struct

from engine.syntax.problems import SyntaxCode, SyntaxProblem
from engine.syntax.spans import Span

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\U0010ffff]|[\ufffe\uffff]")
_SPECIAL = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_HARMLESS = bytes([0x09, 0x0A, 0x0D, *range(0x20, 0x7F)])
_REPLACEMENT = "\ufffd"
_PRIVATE = range(0xF0000, 0xFFFFD)


class Substituted(Struct, frozen=True):
    """A text as PyYAML gets it, and the character that each substitute stands for."""

    text: str
    originals: dict[int, str]

    def restore(self, value: str) -> str:
        """Put the original characters back into a value."""
        return value.translate(self.originals)


def substitute(text: str) -> Substituted | None:
    """Return the text with substitutes, or None when none are needed."""
    special = {found.group() for found in _SPECIAL.finditer(text)}
    if not special:
        return None
    free = (chr(point) for point in _PRIVATE if chr(point) not in text)
    by_character = {
        character: _REPLACEMENT if _UNPRINTABLE.match(character) else next(free) for character in sorted(special)
    }
    originals = {ord(mark): character for character, mark in by_character.items() if mark != _REPLACEMENT}
    points = {ord(character): mark for character, mark in by_character.items()}
    return Substituted(text.translate(points), originals)


def unprintable(text: str) -> list[SyntaxProblem]:
    """Return a problem for each character that YAML does not allow, such as control characters and lone surrogates."""
    # Most of a text is printable ASCII, which bytes.translate drops many times faster than a pattern scans it.
    rare = text.encode("utf-8", "surrogatepass").translate(None, _HARMLESS).decode("utf-8", "surrogatepass")
    if not _UNPRINTABLE.search(rare):
        return []
    return [
        SyntaxProblem(
            SyntaxCode.INVALID_CHARACTER,
            f"Character U+{ord(found.group()):04X} is not allowed in YAML; remove it",
            Span(*found.span()),
        )
        for found in _UNPRINTABLE.finditer(text)
    ]
