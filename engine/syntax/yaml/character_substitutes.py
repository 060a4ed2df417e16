"""Characters that PyYAML would take for line breaks, or refuse: hidden from it behind stand-ins of the same length.

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


class Standins(Struct, frozen=True):
    """A text as PyYAML gets to see it, and the way back."""

    text: str
    originals: dict[int, str]

    def reveal(self, value: str) -> str:
        """Put the hidden characters back into a value."""
        return value.translate(self.originals)


def hide(text: str) -> Standins | None:
    """Return the text with stand-ins of the same length, or None when nothing has to be hidden."""
    special = {found.group() for found in _SPECIAL.finditer(text)}
    if not special:
        return None
    free = (chr(point) for point in _PRIVATE if chr(point) not in text)
    hidden = {character: _REPLACEMENT if _UNPRINTABLE.match(character) else next(free) for character in sorted(special)}
    originals = {ord(standin): character for character, standin in hidden.items() if standin != _REPLACEMENT}
    points = {ord(character): standin for character, standin in hidden.items()}
    return Standins(text.translate(points), originals)


def unprintable(text: str) -> list[SyntaxProblem]:
    """Return a problem for each character that YAML does not allow: control characters, lone surrogates and so on."""
    # Most of a text is plain ASCII, which bytes.translate drops many times faster than a pattern passes over it.
    rare = text.encode("utf-8", "surrogatepass").translate(None, _HARMLESS).decode("utf-8", "surrogatepass")
    if not _UNPRINTABLE.search(rare):
        return []
    return [
        SyntaxProblem(
            SyntaxCode.INVALID_CHARACTER,
            f"The character U+{ord(found.group()):04X} is not allowed in YAML; remove it"
            ' (inside double quotes, "\\u…" can be written instead).',
            Span(*found.span()),
        )
        for found in _UNPRINTABLE.finditer(text)
    ]
