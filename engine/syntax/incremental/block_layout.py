"""Divides the lines of a block into entries or items by indentation alone.

A cut is sure when each piece reads as one entry or item by itself: PyYAML's scanner would be in the same state there.
engine.syntax.incremental.assemble reads the pieces.
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from engine.syntax.lines import with_newlines

# What can only be a key. Other keys may contain ':' or '#'; a block that starts with one is not divided.
_KEY = r"""(?:[A-Za-z0-9_$./<~+(][^#:\n\t]*|"[^"\\\n]*"[ ]*|'[^'\n]*'[ ]*):(?=[ \t\n]|\Z)"""
_DASH = r"-(?=[ \t\n]|\Z)"
_FIRST_LINE = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*( *)")
_STARTS_MAPPING = re.compile(rf"{_KEY}|\?(?=[ \n]|\Z)")
_STARTS_SEQUENCE = re.compile(_DASH)
_MARGIN = re.compile(r"(?:\A|(?<=[\r\n]))[ \t]+")
_HEADER = re.compile(rf"{_KEY}[ ]*(?:[ ]#[^\n]*)?\n")


class Layout(Struct, frozen=True):
    """The starts of the pieces of a block: entries of a mapping or items of a sequence, all at one column."""

    is_mapping: bool
    column: int
    starts: tuple[int, ...]


def lay_out(text: str, *, tolerant: bool = False) -> Layout | None:
    """Return the layout of a block, or None when its first line does not settle it.

    With `tolerant`, the first line may be broken: a later line at its column that is a key is enough.
    """
    shape = with_newlines(text)
    first = _first(shape)
    column = len(first[1])
    if _STARTS_SEQUENCE.match(shape, first.end()):
        return Layout(False, column, _starts(shape, first.end(), _items_at(column)))
    if _STARTS_MAPPING.match(shape, first.end()):
        return Layout(True, column, _starts(shape, first.end(), _entries_at(column)))
    if tolerant:
        starts = _starts(shape, first.end(), _entries_at(column))
        if any(_STARTS_MAPPING.match(shape, start + column) for start in starts[1:]):
            return Layout(True, column, starts)
    return None


def body_of_entry(text: str) -> int | None:
    """Return the start of the lines under a `key:` alone on its line, if they can be divided further."""
    shape = with_newlines(text)
    first = _first(shape)
    header = _HEADER.match(shape, first.end())
    if header is None:
        return None
    below = _first(shape, header.end())
    column = len(below[1])
    is_sequence = _STARTS_SEQUENCE.match(shape, below.end()) is not None
    if column > len(first[1]) or (is_sequence and column == len(first[1])):
        return header.end()
    return None


def dash_of_item(text: str) -> tuple[int, int]:
    """Return the offset and the column of the dash of an item's first line."""
    first = _first(with_newlines(text))
    return first.end(), len(first[1])


def end_of_first_line(text: str) -> int:
    """Return the offset after the first line that is not a comment, including its line break."""
    shape = with_newlines(text)
    newline = shape.find("\n", _first(shape).end())
    return len(text) if newline < 0 else newline + 1


def tabs_as_spaces(text: str) -> str:
    """Return the text with each tab in the margin of a line replaced by one space."""
    return _MARGIN.sub(lambda found: " " * len(found[0]), text) if "\t" in text else text


def _first(shape: str, at: int = 0) -> re.Match[str]:
    found = _FIRST_LINE.match(shape, at)
    assert found is not None  # every part of the pattern may be empty
    return found


def _starts(shape: str, after: int, line: re.Pattern[str]) -> tuple[int, ...]:
    return (0, *[found.start() + 1 for found in line.finditer(shape, after)])


@lru_cache(maxsize=64)
def _items_at(column: int) -> re.Pattern[str]:
    return re.compile("\n" + " " * column + _DASH)


@lru_cache(maxsize=64)
def _entries_at(column: int) -> re.Pattern[str]:
    """Lines at a column, except those that only continue the lines above: comments, closing brackets, dashes, tabs, and
    headers of block scalars, which PyYAML accepts at the column of their key."""
    return re.compile("\n" + " " * column + r"(?![ \n#\]},|>\t]|[-:](?:[ \t\n]|\Z)|\Z)")
