"""Reads the plain YAML that nearly all experiences are written in, in a third of the time that PyYAML's events take.

A text that is not plain is left to engine.syntax.yaml.reader; a plain one gives the same nodes here as there. Without
this file, opening 100 nodes takes 41 ms instead of 17, and `oe validate` of 1,000 nodes 40 % longer.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from functools import lru_cache
from typing import Any

from engine.syntax.green_tree import Entry, Green, Mapping, Scalar, Sequence, Style
from engine.syntax.scalars import resolve_plain

_MAX_DEPTH = 32
_MAX_CACHED_LINE = 200

# Tabs, line breaks other than \n, and all that engine.syntax.yaml.character_substitutes would replace.
_ODD = re.compile("[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")

# Indentation, dashes, a key; then a value and the end of the line, or the bracket of a value in flow style. A plain
# value holds no ": " and no " #"; a line of any other form does not match. No two adjacent parts take blanks, so a line
# is scanned once, however long it is.
_LINE = re.compile(
    r"""
    (?P<indent>[ ]*) (?P<dashes>(?:-[ ]+)*)
    (?:(?P<key>[A-Za-z_$][\w$./-]{0,200}):(?:[ ]+|(?=\n|\Z)))?
    (?:
        (?:
            (?P<plain>(?:[^\s?:,\[\]{}\#&*!|>'"%@`-]|-(?=\w))[^\n:\#]*(?:(?::(?=[^ \n])|(?<=[^ \n])\#)[^\n:\#]*)*)
            | (?P<other>"[^"\\\n]*" | '[^'\n]*' | \|-?(?=\n)) [ ]*
        )?
        (?P<comment>(?<![^ \n])\#[^\n]*)?(?:\n|\Z)
        | (?=(?P<bracket>[\[{]))
    )
    """,
    re.VERBOSE | re.ASCII,
)
_PLAIN_VALUE, _OTHER_VALUE = _LINE.groupindex["plain"], _LINE.groupindex["other"]
_REST_OF_LINE = re.compile(r"[ ]*(?:(?<= )#[^\n]*)?\n?")
_FIRST_LINE = re.compile(r"\n( +)(?=[^ \n])")

# In flow style: a scalar and what ends it. A plain one is cut where flow style ends it; if it goes on, nothing matches.
_FLOW_SCALAR = r"""
    (?:((?:[A-Za-z0-9_$./~+<(]|-(?=\w|-\w))[^\n,\[\]{}:\#?]*) | ("[^"\\\n]*"|'[^'\n]*')[ ]*)
    ([,\]}])
"""
_FLOW_KEY = r"[ ]*([A-Za-z_$][\w$./-]{0,200}):[ ]+"
_FLOW_ENTRY = re.compile(_FLOW_KEY + _FLOW_SCALAR, re.VERBOSE | re.ASCII)
_FLOW_ITEM = re.compile(r"[ ]*" + _FLOW_SCALAR, re.VERBOSE | re.ASCII)
_KEY_OF_COLLECTION = re.compile(_FLOW_KEY + r"(?=[\[{])", re.VERBOSE | re.ASCII)
_COLLECTION = re.compile(r"[ ]*(?=[\[{])")
_CLOSING_BRACKET = re.compile(r"[ ]*([\]}])")
_SEPARATOR = re.compile(r"[ ]*([,\]}])")

# Looked up once: finding a member of an enum takes half as long as making a scalar.
PLAIN, BLOCK, FLOW = Style.PLAIN, Style.BLOCK, Style.FLOW

_Node = Scalar | Mapping | Sequence
# Column and offset; the key, "" for a value without one, None for a dash; and the value with its offset, if any.
_Token = tuple[int, int, str | None, int, _Node | None]
_END: _Token = (-1, 0, None, 0, None)


class _NotPlainError(Exception):
    """A text is not plain."""


def read_plain(block: str) -> tuple[int, Mapping | Sequence] | None:
    """Return the start of the collection that a block is, and the collection; None where some of it is not plain.

    Plain are block style with names as keys, scalars on one line, literals (`|`, `|-`), and flow style on one line.
    Anchors, aliases, tags, escapes, tabs and mistakes are not.
    """
    if not _is_ordinary(block):
        return None
    try:
        builder = _Builder(block, _tokens(block))
        start = builder.next[1]
        node = builder.collection(_MAX_DEPTH)
    except _NotPlainError:
        return None
    return (start, node) if builder.next is _END else None


def _is_ordinary(block: str) -> bool:
    """Whether a block has only ordinary characters. For ASCII, isprintable takes a fifth of the pattern's time."""
    return (block.isascii() and block.replace("\n", " ").isprintable()) or not _ODD.search(block)


@lru_cache(maxsize=4096)
def _name(key: str) -> Scalar:
    """Return the node of a key, the same for all equal keys. Raises _NotPlainError for words that are no text."""
    if resolve_plain(key) is not key:
        raise _NotPlainError
    return Scalar(key, 0, len(key), key, PLAIN)


@lru_cache(maxsize=4096)
def _index(keys: tuple[Hashable, ...]) -> dict[Hashable, int]:
    """Return the position of each key, shared by all mappings with these keys: to be read, never changed."""
    return {key: position for position, key in enumerate(keys)}


# -- lines --------------------------------------------------------------------------------------------------


def _tokens(block: str) -> list[_Token]:
    tokens: list[_Token] = []
    at, end = 0, len(block)
    while at < end:
        line = _LINE.match(block, at)
        if line is None:
            raise _NotPlainError
        indent, dashes, key, plain, other, comment, bracket = line.groups()
        column = len(indent)
        begin, at = at + column, line.end()
        if dashes:
            tokens += _dashes(dashes, column, begin)
            column, begin = column + len(dashes), begin + len(dashes)
        value: _Node | None = None
        if plain is not None:
            if plain[-1] == " ":
                plain = plain.rstrip(" ")
            value_at = line.start(_PLAIN_VALUE)
            value = Scalar(block, value_at, len(plain), resolve_plain(plain), PLAIN)
        elif bracket:
            value_at = at
            value, at = _flow_line(block, at)
        elif other:
            value_at = line.start(_OTHER_VALUE)
            value, at = (
                _literal(block, value_at, column, other) if other[0] == "|" else (_quoted(block, value_at, other), at)
            )
        elif key is not None:
            value_at = begin + len(key) + 1
        elif dashes or (indent and comment is None):
            raise _NotPlainError
        else:
            continue
        tokens.append((column, begin, key or "", value_at, value))
    tokens.append(_END)
    return tokens


def _dashes(dashes: str, column: int, at: int) -> list[_Token]:
    return [(column + by, at + by, None, 0, None) for by, character in enumerate(dashes) if character == "-"]


def _quoted(block: str, at: int, text: str) -> Scalar:
    """Return the scalar in quotes whose text, without escapes, is at `at`."""
    style = Style.DOUBLE if text[0] == '"' else Style.SINGLE
    return Scalar(block, at, len(text), text[1:-1], style)


def _literal(block: str, start: int, column: int, header: str) -> tuple[Scalar, int]:
    """Return the block scalar whose header is at `start`, under a key at `column`, and the start of the next line.

    Not plain are one with a line of blanks only, which may or may not belong to it, and one without a last line break.
    """
    first = _FIRST_LINE.match(block, start + len(header))
    if first is None or len(first[1]) <= column:
        raise _NotPlainError
    lines = _lines_at(first[1]).match(block, first.start())
    if lines is None or block.startswith(first[1], lines.end()):
        raise _NotPlainError
    text = lines[0].rstrip("\n")
    value = text.replace("\n" + first[1], "\n")[1:] + ("\n" if header == "|" else "")
    length = len(header) + len(text)
    return Scalar(block, start, length, value, Style.LITERAL), lines.end()


@lru_cache(maxsize=64)
def _lines_at(margin: str) -> re.Pattern[str]:
    """A line break, and the lines that are empty or have this margin."""
    return re.compile(rf"\n(?:{margin}(?=[ ]*[^ \n])[^\n]*\n|\n)+")


class _Builder:
    """Folds tokens into nodes. `next` is the token that follows."""

    def __init__(self, block: str, tokens: list[_Token]) -> None:
        self._block = block
        self._rest = iter(tokens)
        self.next = next(self._rest)

    def collection(self, levels: int) -> Mapping | Sequence:
        """Return the collection that starts at the next token, `levels` deep at most."""
        key = self.next[2]
        if levels == 0 or key == "" or self.next is _END:
            raise _NotPlainError
        return self._sequence(levels) if key is None else self._mapping(levels)

    def _mapping(self, levels: int) -> Mapping:
        entries: list[Entry] = []
        data: dict[Any, Any] = {}
        depth = 0
        column, start, key, value_at, value = self.next
        at, current_column, rest = start, column, self._rest
        while current_column == column and key:
            following = self.next = next(rest)
            if value is None and (following[0] > column or (following[0] == column and following[2] is None)):
                value_at = following[1]
                value = self.collection(levels - 1)
                following = self.next
            if following[0] > column:
                raise _NotPlainError
            name = _name(key)
            entries.append(Entry(at - start, name, value_at - start, value))
            if value is None:
                data[name.data], end = None, value_at
            else:
                data[name.data], end = value.data, value_at + value.length
                if value.depth > depth:  # noqa: PLR1730 - in a third of the time of `max`, for every line
                    depth = value.depth
            current_column, at, key, value_at, value = following
        if len(data) < len(entries):
            raise _NotPlainError
        length, index = end - start, _index(tuple(data))
        return Mapping(self._block, start, length, tuple(entries), BLOCK, depth + 1, 0, True, data, index)

    def _sequence(self, levels: int) -> Sequence:
        items: list[tuple[int, Green]] = []
        data: list[Any] = []
        column, start, _, _, _ = self.next
        depth, end = 0, start
        while self.next[0] == column and self.next[2] is None:
            item_column, at, key, _, value = self.next = next(self._rest)
            if item_column <= column:
                raise _NotPlainError
            if key == "" and value is not None:
                self.next = next(self._rest)
            else:
                value = self.collection(levels - 1)
            if self.next[0] > column:
                raise _NotPlainError
            items.append((at - start, value))
            data.append(value.data)
            end = at + value.length
            depth = max(depth, value.depth)
        return Sequence(self._block, start, end - start, tuple(items), BLOCK, depth + 1, 0, True, data)


# -- flow style on one line, such as `{ from: a, to: b }` ------------------------------------------------------


def _flow_line(block: str, start: int) -> tuple[_Node, int]:
    """Return the collection whose bracket is at `start`, and the start of the next line.

    Many lines end alike, such as those with `{ type: string }`: they are read once, which makes opening 6 % faster.
    """
    end = block.find("\n", start) + 1 or len(block)
    if end - start > _MAX_CACHED_LINE:
        return _flow_to_line_end(block, start), end
    return _known_flow(block[start:end]), end


@lru_cache(maxsize=1024)
def _known_flow(line: str) -> _Node:
    return _flow_to_line_end(line, 0)


def _flow_to_line_end(block: str, start: int) -> _Node:
    node, at = _flow(block, start, _MAX_DEPTH)
    rest = _REST_OF_LINE.match(block, at)
    if rest is None or (rest.end() < len(block) and block[rest.end() - 1] != "\n"):
        raise _NotPlainError
    return node


def _flow(block: str, start: int, levels: int) -> tuple[Mapping | Sequence, int]:
    """Return the collection whose bracket is at `start`, `levels` deep at most, and its end."""
    if levels == 0:
        raise _NotPlainError
    return _flow_mapping(block, start, levels) if block[start] == "{" else _flow_sequence(block, start, levels)


def _flow_mapping(block: str, start: int, levels: int) -> tuple[Mapping, int]:
    entries: list[Entry] = []
    data: dict[Any, Any] = {}
    depth = 0
    at, mark = _after_opening(block, start + 1)
    while mark == ",":
        value: _Node
        found = _FLOW_ENTRY.match(block, at)
        if found is not None:
            key, plain, quoted, mark = found.groups()
            value_at, at = found.start(2 if quoted is None else 3), found.end()
            value = _flow_scalar(block, value_at, plain, quoted)
        else:
            found = _KEY_OF_COLLECTION.match(block, at)
            if found is None:
                raise _NotPlainError
            key, value_at = found[1], found.end()
            value, at = _flow(block, value_at, levels - 1)
            at, mark = _after_collection(block, at)
            depth = max(depth, value.depth)
        name = _name(key)
        entries.append(Entry(found.start(1) - start, name, value_at - start, value))
        data[name.data] = value.data
    if mark != "}" or len(data) < len(entries):
        raise _NotPlainError
    index = _index(tuple(data))
    return Mapping(block, start, at - start, tuple(entries), FLOW, depth + 1, 0, True, data, index), at


def _flow_sequence(block: str, start: int, levels: int) -> tuple[Sequence, int]:
    items: list[tuple[int, Green]] = []
    data: list[Any] = []
    depth = 0
    at, mark = _after_opening(block, start + 1)
    while mark == ",":
        value: _Node
        found = _FLOW_ITEM.match(block, at)
        if found is not None:
            plain, quoted, mark = found.groups()
            value_at, at = found.start(1 if quoted is None else 2), found.end()
            value = _flow_scalar(block, value_at, plain, quoted)
        else:
            found = _COLLECTION.match(block, at)
            if found is None:
                raise _NotPlainError
            value_at = found.end()
            value, at = _flow(block, value_at, levels - 1)
            at, mark = _after_collection(block, at)
            depth = max(depth, value.depth)
        items.append((value_at - start, value))
        data.append(value.data)
    if mark != "]":
        raise _NotPlainError
    return Sequence(block, start, at - start, tuple(items), FLOW, depth + 1, 0, True, data), at


def _flow_scalar(block: str, at: int, plain: str | None, quoted: str | None) -> Scalar:
    if quoted is not None:
        return _quoted(block, at, quoted)
    text = (plain or "").rstrip(" ")
    return Scalar(block, at, len(text), resolve_plain(text), PLAIN)


def _after_opening(block: str, at: int) -> tuple[int, str]:
    """The offset after an opening bracket and ","; for an empty collection, its end and its closing bracket."""
    found = _CLOSING_BRACKET.match(block, at) if block[at : at + 1] in (" ", "]", "}") else None
    return (found.end(), found[1]) if found else (at, ",")


def _after_collection(block: str, at: int) -> tuple[int, str]:
    """The offset after the separator that follows a nested collection, and the separator."""
    found = _SEPARATOR.match(block, at)
    if found is None:
        raise _NotPlainError
    return found.end(), found[1]
