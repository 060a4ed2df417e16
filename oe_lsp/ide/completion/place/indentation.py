"""The keys and dashes that enclose a line, from indentation alone.

A half-typed entry has no tree yet, and an empty line is in none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from engine.experience.source.locate import Steps

_DASH = re.compile(r"-(?=[ \t]|\Z)")
_KEY = re.compile(r"""(?:(?P<quoted>"[^"\\]*"|'[^']*')[ \t]*|(?P<plain>[A-Za-z0-9_$./<~+(][^#:]*)):(?=[ \t]|\Z)""")
_SPACE = re.compile(r"[ \t]*")
_NO_KEY = frozenset({"", " ", "\t", "#", "-"})
"""Characters at the column of a dash in lines of the same list; a key there encloses the list."""


class Element(Struct, frozen=True):
    """A dash, or a key with its colon, at a column of a line. Its value may begin at `end`."""

    line: int
    column: int
    end: int
    key: str | None = None
    key_end: int = 0

    @property
    def is_dash(self) -> bool:
        """Whether it is the dash of a list item."""
        return self.key is None


class Ancestor(Struct, frozen=True):
    """An element around the line; `step` is its key or list position."""

    element: Element
    step: str | int


def elements(line: str, number: int) -> tuple[Element, ...]:
    """Return the dashes and the key that a line begins with, from left to right."""
    found: list[Element] = []
    at = _skip_space(line, 0)
    while dash := _DASH.match(line, at):
        found.append(Element(number, at, dash.end()))
        at = _skip_space(line, dash.end())
    if key := _KEY.match(line, at):
        written = key.group("quoted") or key.group("plain").rstrip()
        name = written[1:-1] if key.group("quoted") else written
        found.append(Element(number, at, key.end(), name, at + len(written)))
    return tuple(found)


def ancestors(lines: Sequence[str], number: int, column: int, *, is_dash: bool) -> tuple[Ancestor, ...]:
    """Return the elements around a column of line `number`, outermost first; `lines` are without breaks."""
    found: list[Ancestor] = []
    margin = " " * column
    for above in range(number - 1, -1, -1):
        if column == 0 and not is_dash:
            break
        line = lines[above]
        if line.startswith(margin) and (not is_dash or line[column : column + 1] in _NO_KEY):
            continue  # indented deeper, or in the same list
        for element in reversed(elements(line, above)):
            if element.column < column or (is_dash and element.column == column and not element.is_dash):
                found.append(_ancestor(lines, element))
                column, is_dash = element.column, element.is_dash
                margin = " " * column
    return tuple(reversed(found))


def steps_to(path: Sequence[Ancestor]) -> Steps:
    """Return the path through ancestors."""
    return tuple(each.step for each in path)


def on_line(lines: Sequence[str], passed: Sequence[Element]) -> tuple[Ancestor, ...]:
    """Return the elements before the cursor on its own line, as ancestors."""
    return tuple(_ancestor(lines, element) for element in passed)


def _ancestor(lines: Sequence[str], element: Element) -> Ancestor:
    if element.key is not None:
        return Ancestor(element, element.key)
    return Ancestor(element, _position(lines, element))


def _position(lines: Sequence[str], dash: Element) -> int:
    """Return the list position of the item at a dash."""
    margin = " " * dash.column
    item = margin + "-"
    count = 0
    for above in range(dash.line - 1, -1, -1):
        line = lines[above]
        if line.startswith(item):
            count += bool(_DASH.match(line, dash.column))
        elif line.lstrip()[:1] not in {"", "#"} and (not line.startswith(margin) or line[dash.column] not in " \t"):
            break
    return count


def _skip_space(line: str, at: int) -> int:
    space = _SPACE.match(line, at)
    return space.end() if space else at
