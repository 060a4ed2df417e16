"""The YAML that nearly all of a file is written in, read line by line, in a fraction of the time that events take.

What is not plain is left to engine.syntax.yaml.reader; what is, gives the same nodes here as there.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from engine.syntax.green_tree import Entry, Green, Mapping, Scalar, Sequence, Style
from engine.syntax.scalars import resolve_plain
from engine.syntax.yaml.plain_flow import BLOCK, PLAIN, NotPlainError, index_of, name_of, quoted_scalar, read_flow

_DEEPEST = 32

# Tabs, other line breaks than \n, and whatever engine.syntax.yaml.character_substitutes would hide.
_ODD = re.compile("[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")

# Indentation, dashes, a key; then a value and the end of the line, or the bracket of a value in flow style. A plain
# value holds no ": " and no " #"; whatever else a line may be does not match. No two parts in a row take blanks, so
# that a line is looked at once, however long it is.
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
# What most edges and fields are: one line with a dash or a key, and a value in flow style.
_ONE_LINE = re.compile(r"([ ]*)(?:-|([A-Za-z_$][\w$./-]{0,200}):)[ ]+(?=[\[{][^\n]*\n?\Z)", re.ASCII)
_REST_OF_LINE = re.compile(r"[ ]*(?:(?<= )#[^\n]*)?\n?")
_FIRST_LINE = re.compile(r"\n( +)(?=[^ \n])")


_PLAIN, _OTHER = _LINE.groupindex["plain"], _LINE.groupindex["other"]

_Plain = Scalar | Mapping | Sequence
# Its column and offset; a key, "" where a value stands alone, None for a dash; and the value with its offset, if any.
_Token = tuple[int, int, str | None, int, _Plain | None]
_END: _Token = (-1, 0, None, 0, None)


def read_plain(block: str) -> tuple[int, Mapping | Sequence] | None:
    """Return where the collection that a block is starts, and the collection; None where not all of it is plain.

    Plain are block style with keys that are names, scalars on one line, literals (`|`, `|-`), and flow style on one
    line. Anchors, aliases, tags, escapes, tabs and mistakes are not.
    """
    if not _is_ordinary(block):
        return None
    try:
        line = _ONE_LINE.match(block)
        if line is not None:
            return _one_line(block, line)
        builder = _Builder(block, _tokens(block))
        start = builder.here[1]
        node = builder.collection(_DEEPEST)
    except NotPlainError:
        return None
    return (start, node) if builder.here is _END else None


def _is_ordinary(block: str) -> bool:
    """Whether nothing is odd in a block; of ASCII, Python tells in a fifth of the time that a pattern takes."""
    return (block.isascii() and block.replace("\n", " ").isprintable()) or not _ODD.search(block)


def _one_line(block: str, line: re.Match[str]) -> tuple[int, Mapping | Sequence]:
    """As `read_plain`, for a block that is one line with a value in flow style."""
    start, value_at, key = line.end(1), line.end(), line[2]
    value, _ = (_flow if key is None else _likely_known_flow)(block, value_at)
    length = value_at - start + value.length
    by, depth = value_at - start, value.depth + 1
    if key is None:
        items = ((by, value),)
        return start, Sequence(block, start, length, items, BLOCK, depth, 0, True, [value.data], True)
    entries, data, index = (Entry(0, name_of(key), by, value),), {key: value.data}, index_of((key,))
    return start, Mapping(block, start, length, entries, BLOCK, depth, 0, True, data, index, True)


def _tokens(block: str) -> list[_Token]:
    tokens: list[_Token] = []
    at, end = 0, len(block)
    while at < end:
        line = _LINE.match(block, at)
        if line is None:
            raise NotPlainError
        indent, dashes, key, plain, other, comment, bracket = line.groups()
        column = len(indent)
        begin, at = at + column, line.end()
        if dashes:
            tokens += _dashes(dashes, column, begin)
            column, begin = column + len(dashes), begin + len(dashes)
        value: _Plain | None = None
        if plain is not None:
            if plain[-1] == " ":
                plain = plain.rstrip(" ")
            value_at = line.start(_PLAIN)
            value = Scalar(block, value_at, len(plain), resolve_plain(plain), PLAIN)
        elif bracket:
            value_at = at
            value, at = (_flow if bracket == "[" else _likely_known_flow)(block, at)
        elif other:
            value_at = line.start(_OTHER)
            value, at = _value(block, value_at, at, column, other)
        elif key is not None:
            value_at = begin + len(key) + 1
        elif dashes or (indent and comment is None):
            raise NotPlainError
        else:
            continue
        tokens.append((column, begin, key or "", value_at, value))
    tokens.append(_END)
    return tokens


def _dashes(dashes: str, column: int, at: int) -> list[_Token]:
    return [(column + by, at + by, None, 0, None) for by, character in enumerate(dashes) if character == "-"]


def _value(block: str, start: int, next_line: int, column: int, text: str) -> tuple[_Plain, int]:
    """Return the value at `start`, of which `text` is the first of, and where the lines after it start."""
    if text[0] == "|":
        return _literal(block, start, column, text)
    return quoted_scalar(block, start, text), next_line


def _flow(block: str, start: int) -> tuple[_Plain, int]:
    """Return the collection whose bracket is at `start`, and where the lines after it start."""
    value, at = read_flow(block, start, _DEEPEST)
    if block.startswith("\n", at):  # as nearly always
        return value, at + 1
    rest = _REST_OF_LINE.match(block, at)
    if rest is None or (rest.end() < len(block) and block[rest.end() - 1] != "\n"):
        raise NotPlainError
    return value, rest.end()


def _likely_known_flow(block: str, start: int) -> tuple[_Plain, int]:
    """As `_flow`, for what many lines of a file say alike, such as `{ type: string }`."""
    end = block.find("\n", start) + 1 or len(block)
    return (_known_flow(block[start:end]), end) if end - start <= _SHORT else _flow(block, start)


_SHORT = 200


@lru_cache(maxsize=1024)
def _known_flow(line: str) -> _Plain:
    return _flow(line, 0)[0]


def _literal(block: str, start: int, column: int, header: str) -> tuple[Scalar, int]:
    """Return the block scalar whose header is at `start`, under a key at `column`, and where the lines after it start.

    Not plain is one with a line of nothing but blanks, which may be its own or not, or without a last line break.
    """
    first = _FIRST_LINE.match(block, start + len(header))
    if first is None or len(first[1]) <= column:
        raise NotPlainError
    lines = _lines_after(first[1]).match(block, first.start())
    if lines is None or block.startswith(first[1], lines.end()):
        raise NotPlainError
    text = lines[0].rstrip("\n")
    value = text.replace("\n" + first[1], "\n")[1:] + ("\n" if header == "|" else "")
    length = len(header) + len(text)
    return Scalar(block, start, length, value, Style.LITERAL), lines.end()


@lru_cache(maxsize=64)
def _lines_after(margin: str) -> re.Pattern[str]:
    """A line break, and the lines that have this margin, or nothing in them."""
    return re.compile(rf"\n(?:{margin}(?=[ ]*[^ \n])[^\n]*\n|\n)+")


class _Builder:
    """Folds tokens into nodes. `here` is the token that comes next."""

    def __init__(self, block: str, tokens: list[_Token]) -> None:
        self._block = block
        self._rest = iter(tokens)
        self.here = next(self._rest)

    def collection(self, levels: int) -> Mapping | Sequence:
        """Return the collection that starts here."""
        key = self.here[2]
        if levels == 0 or key == "" or self.here is _END:
            raise NotPlainError
        return self._sequence(levels) if key is None else self._mapping(levels)

    def _mapping(self, levels: int) -> Mapping:
        entries: list[Entry] = []
        data: dict[Any, Any] = {}
        depth = 0
        column, start, key, value_at, value = self.here
        at, here_column, rest = start, column, self._rest
        while here_column == column and key:
            following = self.here = next(rest)
            if value is None and (following[0] > column or (following[0] == column and following[2] is None)):
                value_at = following[1]
                value = self.collection(levels - 1)
                following = self.here
            if following[0] > column:
                raise NotPlainError
            name = name_of(key)
            entries.append(Entry(at - start, name, value_at - start, value))
            if value is None:
                data[name.data], end = None, value_at
            else:
                data[name.data], end = value.data, value_at + value.length
                if value.depth > depth:  # noqa: PLR1730 - in a third of the time of `max`, for every line
                    depth = value.depth
            here_column, at, key, value_at, value = following
        if len(data) < len(entries):
            raise NotPlainError
        length, index = end - start, index_of(tuple(data))
        return Mapping(self._block, start, length, tuple(entries), BLOCK, depth + 1, 0, True, data, index, True)

    def _sequence(self, levels: int) -> Sequence:
        items: list[tuple[int, Green]] = []
        data: list[Any] = []
        column, start, _, _, _ = self.here
        depth, end = 0, start
        while self.here[0] == column and self.here[2] is None:
            here_column, at, key, _, value = self.here = next(self._rest)
            if here_column <= column:
                raise NotPlainError
            if key == "" and value is not None:
                self.here = next(self._rest)
            else:
                value = self.collection(levels - 1)
            if self.here[0] > column:
                raise NotPlainError
            items.append((at - start, value))
            data.append(value.data)
            end = at + value.length
            depth = max(depth, value.depth)
        return Sequence(self._block, start, end - start, tuple(items), BLOCK, depth + 1, 0, True, data, True)
