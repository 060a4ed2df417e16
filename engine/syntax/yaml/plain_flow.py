"""Flow style on one line, such as `{ from: a, to: b }`, read for engine.syntax.yaml.plain_reader."""

from __future__ import annotations

import re
from collections.abc import Hashable
from functools import lru_cache
from typing import Any

from engine.syntax.green_tree import Entry, Green, Mapping, Scalar, Sequence, Style
from engine.syntax.scalars import resolve_plain

# A scalar and what ends it. A plain one is cut where it has to end in flow style: if it goes on, nothing matches.
_SCALAR = r"""
    (?:((?:[A-Za-z0-9_$./~+<(]|-(?=\w|-\w))[^\n,\[\]{}:\#?]*) | ("[^"\\\n]*"|'[^'\n]*')[ ]*)
    ([,\]}])
"""
_NAME = r"[ ]*([A-Za-z_$][\w$./-]{0,200}):[ ]+"
_ENTRY = re.compile(_NAME + _SCALAR, re.VERBOSE | re.ASCII)
_ITEM = re.compile(r"[ ]*" + _SCALAR, re.VERBOSE | re.ASCII)
_KEY_OF_COLLECTION = re.compile(_NAME + r"(?=[\[{])", re.VERBOSE | re.ASCII)
_COLLECTION = re.compile(r"[ ]*(?=[\[{])")
_CLOSED = re.compile(r"[ ]*([\]}])")
# Looked up once: a member of an enum takes Python half as long to find as a scalar to make.
PLAIN, BLOCK, FLOW = Style.PLAIN, Style.BLOCK, Style.FLOW

_NO_VALUE = frozenset(" ]}")
_SEPARATOR = re.compile(r"[ ]*([,\]}])")


class NotPlainError(Exception):
    """A text is not as plain as it would have to be."""


def read_flow(block: str, start: int, levels: int) -> tuple[Mapping | Sequence, int]:
    """Return the collection whose bracket is at `start`, and where it ends.

    Raises NotPlainError, also where it is nested more than `levels` deep.
    """
    if levels == 0:
        raise NotPlainError
    return _mapping(block, start, levels) if block[start] == "{" else _sequence(block, start, levels)


@lru_cache(maxsize=4096)
def name_of(key: str) -> Scalar:
    """Return the node of a key that is a name: it is the same wherever it stands.

    Raises NotPlainError for the words that are no text in YAML.
    """
    if resolve_plain(key) is not key:
        raise NotPlainError
    return Scalar(key, 0, len(key), key, PLAIN)


@lru_cache(maxsize=4096)
def index_of(keys: tuple[Hashable, ...]) -> dict[Hashable, int]:
    """Return the position of each key, shared by all mappings that have the same keys: to be read, never changed."""
    return {key: position for position, key in enumerate(keys)}


def _mapping(block: str, start: int, levels: int) -> tuple[Mapping, int]:
    entries: list[Entry] = []
    data: dict[Any, Any] = {}
    depth = 0
    at, mark = _opened(block, start + 1)
    while mark == ",":
        value: Scalar | Mapping | Sequence
        found = _ENTRY.match(block, at)
        if found is not None:
            key, plain, quoted, mark = found.groups()
            value_at, at = found.start(2 if quoted is None else 3), found.end()
            value = _scalar(block, value_at, plain, quoted)
        else:
            found = _KEY_OF_COLLECTION.match(block, at)
            if found is None:
                raise NotPlainError
            key, value_at = found[1], found.end()
            value, at = read_flow(block, value_at, levels - 1)
            at, mark = _separated(block, at)
            depth = max(depth, value.depth)
        name = name_of(key)
        entries.append(Entry(found.start(1) - start, name, value_at - start, value))
        data[name.data] = value.data
    if mark != "}" or len(data) < len(entries):
        raise NotPlainError
    index = index_of(tuple(data))
    return Mapping(block, start, at - start, tuple(entries), FLOW, depth + 1, 0, True, data, index, True), at


def _sequence(block: str, start: int, levels: int) -> tuple[Sequence, int]:
    items: list[tuple[int, Green]] = []
    data: list[Any] = []
    depth = 0
    at, mark = _opened(block, start + 1)
    while mark == ",":
        value: Scalar | Mapping | Sequence
        found = _ITEM.match(block, at)
        if found is not None:
            plain, quoted, mark = found.groups()
            value_at, at = found.start(1 if quoted is None else 2), found.end()
            value = _scalar(block, value_at, plain, quoted)
        else:
            found = _COLLECTION.match(block, at)
            if found is None:
                raise NotPlainError
            value_at = found.end()
            value, at = read_flow(block, value_at, levels - 1)
            at, mark = _separated(block, at)
            depth = max(depth, value.depth)
        items.append((value_at - start, value))
        data.append(value.data)
    if mark != "]":
        raise NotPlainError
    return Sequence(block, start, at - start, tuple(items), FLOW, depth + 1, 0, True, data, True), at


def _scalar(block: str, at: int, plain: str | None, quoted: str | None) -> Scalar:
    if quoted is not None:
        return quoted_scalar(block, at, quoted)
    text = (plain or "").rstrip(" ")
    return Scalar(block, at, len(text), resolve_plain(text), PLAIN)


def quoted_scalar(block: str, at: int, text: str) -> Scalar:
    """Return the scalar whose text is at `at`, in quotes, with no escape in it."""
    style = Style.DOUBLE if text[0] == '"' else Style.SINGLE
    return Scalar(block, at, len(text), text[1:-1], style)


def _opened(block: str, at: int) -> tuple[int, str]:
    """Where the first value of a collection is; or, where it has none, its end and the bracket that is there."""
    found = _CLOSED.match(block, at) if block[at : at + 1] in _NO_VALUE else None
    return (found.end(), found[1]) if found else (at, ",")


def _separated(block: str, at: int) -> tuple[int, str]:
    """What ends a collection in a collection, and where what follows starts."""
    found = _SEPARATOR.match(block, at)
    if found is None:
        raise NotPlainError
    return found.end(), found[1]
