"""Translates regular expressions from the syntax of Python to that of RE2, with the same meaning.

Names the constructs that RE2 does not support, since it never backtracks. RE2 itself reports invalid expressions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from msgspec import Struct, field

_MAX_REPEATS = 1000
"""The limit of RE2 for one `{…}`; several in a row add up."""

_MAX_SIZE = 400_000
"""The maximum length of a pattern with its repetitions written out. RE2 has about the same limit, but allocates the
memory before it refuses.
"""

_UNSUPPORTED: Mapping[str, str] = {
    r"\(\?<?[=!]": "looks ahead or behind",
    r"\(\?>": "is an atomic group",
    r"\(\?\(": "depends on another group",
    r"\(\?P=\w*\)?": "refers back to a group",
}
_FORBIDDEN = re.compile("|".join(f"({form})" for form in _UNSUPPORTED))
_BACK_REFERENCE = re.compile(r"\\(?:[1-9][0-9]?|k<\w*>)")
_POSSESSIVE = re.compile(r"(?:[*+?]|\{(?:[0-9]+,?[0-9]*|,[0-9]+)\})\+")
_CODE_POINT = re.compile(r"\\u(?:([0-9a-fA-F]{4})|\{([0-9a-fA-F]{1,6})\})|\\U([0-9a-fA-F]{8})")
_REPEAT = re.compile(r"\{([0-9]*)(,?)([0-9]*)\}(\??)")
_PROPERTY = re.compile(r"\\[pP](?:\{[^}]*\}|.)", re.DOTALL)
_OPENING = re.compile(r"\((?:\?(?:P?<\w*>|[a-zA-Z-]*:))?")
_FLAGS = re.compile(r"\(\?[a-zA-Z-]+\)")
_MULTILINE = re.compile(r"\(\?[a-zA-Z]*m")


class UnsupportedSyntaxError(ValueError):
    """A pattern contains a construct that needs backtracking; the message names it."""


class TooLargeError(ValueError):
    """A pattern has too many repetitions."""


def to_re2(pattern: str, *, beyond_ascii: bool) -> str:
    r"""The pattern in the syntax of RE2, for ASCII texts or for all others. `\w`, `\d` and `\s` match every script, as
    in Python; `\b` is ASCII only, as in JavaScript. Raises UnsupportedSyntaxError and TooLargeError.
    """
    writer = _Writer(pattern, beyond_ascii)
    while writer.at < len(pattern):
        writer.step()
        if writer.sizes[-1] > _MAX_SIZE:
            raise TooLargeError
    return "".join(writer.written)


class _Writer(Struct):
    """Reads a pattern from left to right. `atom` is the start in `written` of what a repeat would apply to; `sizes` are
    the sizes written before each part, and the total at the end.
    """

    pattern: str
    beyond_ascii: bool
    at: int = 0
    written: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=lambda: [0])
    atom: int = 0
    groups: list[int] = field(default_factory=list)

    def step(self) -> None:
        """Reads one construct."""
        sign = self.pattern[self.at]
        if sign == "\\":
            self._atom(self._escape(in_class=False))
        elif sign == "[":
            self._atom(self._class())
        elif sign == "(":
            self._open()
        elif sign == ")":
            self._write(sign)
            self.atom = self.groups.pop() if self.groups else 0
            self.at += 1
        elif sign in "*+?{":
            self._repeat()
        elif sign == "$" and not _MULTILINE.search(self.pattern):
            self._atom(r"(?:\n?\z)")
            self.at += 1
        else:
            self._atom(sign)
            self.at += 1

    def _write(self, text: str, size: int = 1) -> None:
        self.written.append(text)
        self.sizes.append(self.sizes[-1] + size)

    def _atom(self, text: str) -> None:
        self.atom = len(self.written)
        self._write(text, 1 + len(text) // 16)  # a class of all letters is large, too

    def _open(self) -> None:
        found = _FORBIDDEN.match(self.pattern, self.at)
        if found is not None:
            what = list(_UNSUPPORTED.values())[(found.lastindex or 1) - 1]
            raise UnsupportedSyntaxError(f"`{found[0]}` {what}")
        flags = _FLAGS.match(self.pattern, self.at)
        opening = flags or _OPENING.match(self.pattern, self.at)
        text = opening[0] if opening is not None else "("
        if flags is None:
            self.groups.append(len(self.written))
        self._write(text)
        self.at += len(text)

    def _repeat(self) -> None:
        possessive = _POSSESSIVE.match(self.pattern, self.at)
        if possessive is not None:
            raise UnsupportedSyntaxError(f"`{possessive[0]}` is a possessive repeat")
        found = _REPEAT.match(self.pattern, self.at)
        if found is None or not (found[1] or found[3]):
            self._write(r"\{" if self.pattern[self.at] == "{" else self.pattern[self.at])
            self.at += 1
            return
        self.at = found.end()
        least = int(found[1][:9] or 0)
        most = int(found[3][:9]) if found[3] else None if found[2] else least
        count = max(least, most or 0)
        size = (self.sizes[-1] - self.sizes[self.atom]) * count
        if count <= _MAX_REPEATS:
            self._write(f"{{{least}{found[2]}{found[3]}}}{found[4]}", size)
        elif size > _MAX_SIZE:
            raise TooLargeError
        else:
            whole = _long_repeat("".join(self.written[self.atom :]), least, most, found[4])
            del self.written[self.atom :], self.sizes[self.atom + 1 :]
            self._write(whole, size)

    def _class(self) -> str:
        """A character class: `[…]`."""
        start = self.at
        parts = ["["]
        self.at += 1
        for first in ("^", "]"):
            if self.pattern.startswith(first, self.at):
                parts.append(first)
                self.at += 1
        while self.at < len(self.pattern) and self.pattern[self.at] != "]":
            sign = self.pattern[self.at]
            if sign == "\\":
                parts.append(self._escape(in_class=True))
                continue
            parts.append(r"\[" if sign == "[" else sign)  # `[:alpha:]` means nothing in Python
            self.at += 1
        if self.at == len(self.pattern):
            return self.pattern[start:]  # unclosed, as RE2 reports
        self.at += 1
        return "".join([*parts, "]"])

    def _escape(self, *, in_class: bool) -> str:
        point = _CODE_POINT.match(self.pattern, self.at)
        if point is not None:
            self.at = point.end()
            return f"\\x{{{point[1] or point[2] or point[3]}}}"
        name = _PROPERTY.match(self.pattern, self.at)
        if name is not None:
            self.at = name.end()
            return name[0]
        back = None if in_class else _BACK_REFERENCE.match(self.pattern, self.at)
        if back is not None:
            raise UnsupportedSyntaxError(f"`{back[0]}` refers back to a group")
        letter = self.pattern[self.at + 1 : self.at + 2]
        self.at += 1 + len(letter)
        if letter == "Z":
            return r"\z"
        if letter == "b" and in_class:
            return r"\x08"
        if letter in _CLASSES and (self.beyond_ascii or letter in "sS"):
            return _ranges(letter) if in_class else f"[{_ranges(letter)}]"
        return letter if letter > "\x7f" else "\\" + letter


_CLASSES = frozenset("dDwWsS")


@cache
def _ranges(letter: str) -> str:
    r"""The characters that Python matches with `\w` and the like, as ranges in a character class."""
    everything = "".join(map(chr, range(0x110000)))
    found = re.finditer(rf"\{letter}+", everything)
    return "".join(f"\\x{{{each.start():x}}}-\\x{{{each.end() - 1:x}}}" for each in found)


def _long_repeat(atom: str, least: int, most: int | None, lazy: str) -> str:
    """`atom{least,most}` in repeats within the limit of RE2."""
    parts = [f"{atom}{{{count}}}" for count in _portions(least)]
    if most is None:
        parts.append(f"{atom}*{lazy}")
    else:
        parts += [f"{atom}{{0,{count}}}{lazy}" for count in _portions(most - least)]
    return f"(?:{''.join(parts)})"


def _portions(count: int) -> list[int]:
    whole, rest = divmod(max(0, count), _MAX_REPEATS)
    return [_MAX_REPEATS] * whole + ([rest] if rest else [])
