"""What is being typed at an offset: a key or a value, its path, and the text it replaces.

Determined from the text alone, so that it works on half-typed and empty lines, inside brackets and quotes, and in
invalid YAML.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from engine.experience.source.locate import Steps
from engine.syntax import LineIndex, Span
from engine.syntax.lines import with_newlines
from oe_lsp.ide.completion.place.brackets import flow_place
from oe_lsp.ide.completion.place.indentation import Ancestor, ancestors, elements, on_line, steps_to


class Slot(Enum):
    """What may be written: KEY, an entry of the mapping at the path; VALUE, the value at the path on the line of its
    key or in brackets; START, the value at the path on lines of its own."""

    KEY = "key"
    VALUE = "value"
    START = "start"


class Place(Struct, frozen=True):
    """`span` is what an offer replaces; `before` and `after` are the text of the value around the cursor.

    `quote` is the open quote, or `|` in a block scalar; `gap` is the space missing before the span, if any. `column` is
    where the content begins, `margin` the indentation of the line.
    """

    slot: Slot
    steps: Steps
    span: Span
    before: str
    after: str
    quote: str = ""
    gap: str = ""
    in_flow: bool = False
    has_colon: bool = False
    keys: frozenset[str] = frozenset()
    column: int = 0
    margin: int = 0

    @property
    def continuation_indent(self) -> str:
        """Indentation of the further lines of an offer, beyond the margin of the line."""
        return " " * (self.column - self.margin)


class _Line(Struct, frozen=True):
    """The line of the cursor; `at` is its offset."""

    text: str
    number: int
    at: int
    cursor: int

    @property
    def margin(self) -> int:
        return len(self.text) - len(self.text.lstrip(" \t"))


def place_at(text: str, index: LineIndex, offset: int) -> Place | None:
    """Return what is being typed at `offset`; None where nothing can be offered, as in a comment."""
    shape = _normalized(text)
    lines = shape.split("\n")
    position = index.position(offset)
    line = _Line(lines[position.line], position.line, offset - position.column, offset)
    column = position.column
    passed = tuple(each for each in elements(line.text, line.number) if each.end <= column)
    here = on_line(lines, passed)
    first = passed[0].column if passed else min(column, line.margin)
    around = ancestors(lines, line.number, first, is_dash=bool(passed) and passed[0].is_dash)
    if not passed and column < line.margin < len(line.text):
        return None  # in the indentation of a line with content
    return _inside_text(shape, index, line, around) or _on_line(shape, line, (*around, *here))


def next_list_item(text: str, index: LineIndex, place: Place) -> Place | None:
    """Return the place as the next item of a list whose dashes are not indented below its key, or None."""
    if place.slot is not Slot.START or place.column != place.margin:
        return None
    lines = _normalized(text).split("\n")
    number = index.position(place.span.start).line
    path = ancestors(lines, number, place.column, is_dash=True)
    key = path[-1].element if path else None
    if key is None or key.is_dash or key.column != place.column or lines[key.line][key.end :].strip():
        return None
    below = next((line for line in lines[key.line + 1 : number] if line.strip()), "")
    if below and below[: place.column + 1] != " " * place.column + "-":
        return None  # the value of the key is indented below it
    return replace(place, steps=steps_to(path))


def _normalized(text: str) -> str:
    """Return the text with uniform line breaks and without a byte order mark, at the same length."""
    shape = with_newlines(text)
    return f" {shape[1:]}" if shape.startswith("\ufeff") else shape


def _inside_text(shape: str, index: LineIndex, line: _Line, around: Sequence[Ancestor]) -> Place | None:
    """Return the place inside a value that began on an earlier line: brackets, quotes, or a block scalar."""
    for depth, ancestor in enumerate(around, start=1):
        element = ancestor.element
        if element.is_dash and depth < len(around) and around[depth].element.line == element.line:
            continue  # the content after the dash is the next ancestor
        start = index.line_start(element.line) + element.end
        end = shape.find("\n", start)
        source = shape[start : end if end >= 0 else len(shape)]
        rest = source.strip()
        begin = start + len(source) - len(source.lstrip())
        steps = steps_to(around[:depth])
        if rest[:1] in {"|", ">"}:
            return _in_block_scalar(shape, line, steps, end + 1)
        if rest[:1] in {"{", "["} or rest[:1] in {'"', "'"}:
            found = _in_brackets_or_quotes(shape, line, steps, begin)
            if found is not None:
                return found
    return None


def _on_line(shape: str, line: _Line, path: Sequence[Ancestor]) -> Place | None:
    """Return the place on a line of its own, or after the key or dash of this line."""
    steps = steps_to(path)
    last = path[-1].element if path and path[-1].element.line == line.number else None
    start = line.at + (last.end if last else line.margin)
    rest = line.text[last.end if last else line.margin :]
    begin = min(start + len(rest) - len(rest.lstrip()), line.cursor)
    gap = " " if last is not None and begin == start else ""
    stripped = rest.strip()
    if re.search(r"(?:^|\s)#", shape[begin - 1 : line.cursor] if begin > line.at else shape[begin : line.cursor]):
        return None
    if stripped[:1] in {"{", "[", '"', "'"} and line.cursor > begin:
        return _in_brackets_or_quotes(shape, line, steps, begin)
    if stripped[:1] in {"|", ">", "&", "*", "!"} and line.cursor > begin:
        return None
    if last is not None and not last.is_dash:
        end = _end_of_plain(line, begin)
        return Place(Slot.VALUE, steps, Span(begin, end), shape[begin : line.cursor], shape[line.cursor : end], gap=gap)
    return _start(shape, line, path, begin, gap)


def _start(shape: str, line: _Line, path: Sequence[Ancestor], begin: int, gap: str) -> Place:
    """Return the place of a key or scalar that starts a line or follows a dash."""
    keys = [each for each in elements(line.text, line.number) if not each.is_dash]
    key = keys[0] if keys and line.at + keys[0].column <= line.cursor <= line.at + keys[0].key_end else None
    end = line.at + key.key_end if key else _end_of_plain(line, begin)
    column = begin - line.at + len(gap)
    return Place(
        Slot.KEY if key else Slot.START,
        steps_to(path),
        Span(begin, end),
        shape[begin : line.cursor],
        shape[line.cursor : end],
        gap=gap,
        has_colon=key is not None,
        column=column,
        margin=min(line.margin, column),
    )


def _in_block_scalar(shape: str, line: _Line, steps: Steps, start: int) -> Place:
    return Place(
        Slot.VALUE,
        steps,
        Span(line.cursor, line.cursor),
        shape[start : line.cursor],
        shape[line.cursor : line.at + len(line.text)],
        quote="|",
    )


def _in_brackets_or_quotes(shape: str, line: _Line, steps: Steps, begin: int) -> Place | None:
    """Return the place inside the brackets or quotes that open at `begin`; None after their end."""
    if shape[begin] in "\"'":
        return _in_quotes(shape, line, steps, begin)
    found = flow_place(shape, begin, line.cursor)
    if found is None:
        return None
    end = _end_in_flow(shape, line.cursor, found.quote)
    before = shape[found.start : line.cursor]
    following = shape[end + len(found.quote) :].lstrip(" ")[:1] if found.is_key else ""
    gap = " " if shape[found.start - 1 : found.start] in {":", ","} else ""
    return Place(
        Slot.KEY if found.is_key else Slot.VALUE,
        (*steps, *found.steps),
        Span(found.start, end),
        before,
        shape[line.cursor : end],
        quote=found.quote,
        gap=gap,
        in_flow=True,
        has_colon=following == ":",
        keys=found.keys,
    )


def _in_quotes(shape: str, line: _Line, steps: Steps, begin: int) -> Place | None:
    quote = shape[begin]
    closed = re.compile(r'(?:[^"\\]|\\.)*"' if quote == '"' else r"(?:[^']|'')*'", re.DOTALL).match(shape, begin + 1)
    line_end = line.at + len(line.text)
    if closed is not None and closed.end() <= line.cursor:
        return None
    if closed is None and shape.count("\n", begin, line.cursor):
        return None  # a quote left open on an earlier line
    end = min(closed.end() - 1, line_end) if closed else line_end
    start = max(begin + 1, line.at)
    return Place(
        Slot.VALUE,
        steps,
        Span(start, max(end, line.cursor)),
        shape[begin + 1 : line.cursor],
        shape[line.cursor : end],
        quote=quote,
    )


def _end_of_plain(line: _Line, begin: int) -> int:
    """Return where a plain scalar that begins at an offset ends on this line."""
    rest = line.text[begin - line.at :]
    comment = re.search(r"(?:^|\s)#", rest)
    plain = rest[: comment.start()] if comment else rest
    return max(begin + len(plain.rstrip()), line.cursor)


def _end_in_flow(shape: str, cursor: int, quote: str) -> int:
    stop = re.compile(rf"[{quote}\n]" if quote else r"[,\[\]{}\n]|: |:\n|\s#").search(shape, cursor)
    end = stop.start() if stop else len(shape)
    return end if quote else max(cursor, cursor + len(shape[cursor:end].rstrip()))
