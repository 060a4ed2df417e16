"""Divides a document into blocks where the cut is sure, reads them, reuses those that did not change, and confines a
mistake to the smallest block that it can."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

import yaml
from msgspec import Struct
from msgspec.structs import replace
from yaml.events import CollectionEndEvent, CollectionStartEvent, MappingStartEvent, NodeEvent

from engine.syntax.green_tree import (
    Broken,
    Entry,
    Green,
    Mapping,
    Scalar,
    Sequence,
    Style,
    make_mapping,
    make_sequence,
)
from engine.syntax.incremental.block import Block, block_of
from engine.syntax.incremental.block_layout import (
    Layout,
    body_of_entry,
    dash_of_item,
    end_of_first_line,
    lay_out,
    tabs_as_spaces,
)
from engine.syntax.incremental.join import entry_around, item_around, joined, label
from engine.syntax.problems import SyntaxCode, SyntaxProblem
from engine.syntax.spans import Span
from engine.syntax.yaml.character_substitutes import substitute
from engine.syntax.yaml.error_diagnosis import Failure
from engine.syntax.yaml.pyyaml_events import events
from engine.syntax.yaml.reader import Anchors, Reading, read

# Levels that are always divided: top-level entries, the entries in them (nodes, edges, schema), and their items.
_DIVIDED_LEVELS = 2
# Below them, a piece is divided when it is longer than this (code points); shorter ones are as fast to read whole.
_MAX_UNDIVIDED = 4096
# A broken piece is divided down to its mistake, to this depth at most.
_MAX_LEVEL = 32


class _OpenError(Exception):
    """A piece is open at its end: a bracket or quote closes at an offset (of the document) beyond it."""

    def __init__(self, closes_at: int) -> None:
        super().__init__(closes_at)
        self.closes_at = closes_at


class _Place(Struct, frozen=True):
    """The offset of a text in the document, its level, and whether it is final: not continued by the text after it."""

    at: int
    level: int
    final: bool = False

    def inside(self, by: int) -> _Place:
        return _Place(self.at + by, self.level + 1, self.final)


class Assembler:
    """Reads one document. Holds what its blocks need: the text of the document, and the anchors so far."""

    def __init__(self, document: str, anchors: Anchors) -> None:
        self.document = document
        self.anchors = anchors

    def document_block(self, old: Block | None) -> Block:
        """Return the block that is the whole document, reusing what did not change since `old`."""
        if old is not None and old.text == self.document:
            return old
        layout = lay_out(self.document)
        place = _Place(0, 0)
        if layout is None:
            return self._undivided(self.document, place)
        return self._divided(self.document, layout, place, old)

    # -- whole nodes ----------------------------------------------------------------------------------------

    def _undivided(self, text: str, place: _Place) -> Block:
        """Read a text that is one node as a whole; where that fails, divide it."""
        reading = read(text, self.anchors)
        layout = lay_out(text, tolerant=True) if reading.failure and place.level < _MAX_LEVEL else None
        if reading.failure is None or layout is None:
            return self._kept(block_of(text, reading))
        block = self._divided(text, layout, replace(place, final=True), None)
        return _with_failure(block, reading)

    def _divided(self, text: str, layout: Layout, place: _Place, old: Block | None) -> Block:
        starts = layout.starts
        ends = (*starts[1:], len(text))
        known = (old.parts if old else None) or {}
        pieces: list[tuple[int, Block]] = []
        position = 0
        while position < len(starts):
            start, end = starts[position], ends[position]
            piece = text[start:end]
            block = known.get(piece)
            if block is None or not (block.plain or block.holds(self.anchors)):
                block, end = self._fresh_piece(text, layout, position, place, old)
            elif not block.plain:
                block.add_to(self.anchors)
            pieces.append((start, block))
            position += 1
            while position < len(starts) and starts[position] < end:
                position += 1
        return joined(text, layout, pieces)

    def _fresh_piece(
        self, text: str, layout: Layout, position: int, place: _Place, old: Block | None
    ) -> tuple[Block, int]:
        """Read a new piece, and return it with its end: it may extend over the pieces after it."""
        start = layout.starts[position]
        shortest = layout.starts[position + 1] if position + 1 < len(layout.starts) else len(text)
        here = _Place(place.at + start, place.level, place.final)
        before = self.anchors.checkpoint()
        end = shortest
        while True:
            try:
                block = self._piece(text[start:end], layout, here, old)
            except _OpenError as error:
                self.anchors.roll_back(before)
                if error.closes_at > place.at + len(text):
                    raise
                following = bisect_left(layout.starts, error.closes_at - place.at)
                end = layout.starts[following] if following < len(layout.starts) else len(text)
                continue
            if end == shortest or not block.failed:
                return block, end
            # It would close, but the result is not YAML: more likely the closing bracket or quote is missing here.
            self.anchors.roll_back(before)
            block = self._piece(text[start:shortest], layout, replace(here, final=True), old)
            block.settled = False
            return block, shortest

    # -- pieces: one entry, one item ------------------------------------------------------------------------

    def _piece(self, text: str, layout: Layout, place: _Place, old: Block | None) -> Block:
        if place.level < (_MAX_LEVEL if len(text) > _MAX_UNDIVIDED else _DIVIDED_LEVELS):
            block = self._nested(text, layout, place, old)
            if block is not None:
                return block
        reading = read(text, self.anchors)
        failure = reading.failure
        if failure is None and _is_piece(reading.node, layout):
            return self._kept(block_of(text, reading))
        if failure is not None and failure.at_end and not place.final:
            closes_at = self._closes_at(text, place.at, failure)
            if closes_at is not None:
                raise _OpenError(closes_at)
        return self._broken_piece(text, layout, place, reading)

    def _nested(
        self, text: str, layout: Layout, place: _Place, old: Block | None, *, tolerant: bool = False
    ) -> Block | None:
        """Read a piece whose content can be divided further; None when it cannot."""
        key: Reading | None = None
        dash = begin = 0
        least = -1
        if layout.is_mapping:
            body_at = body_of_entry(text)
            if body_at is None:
                return None
            key = read(text[:body_at], self.anchors)
            begin, body = body_at, text[body_at:]
        else:
            dash, least = dash_of_item(text)
            body = text[:dash] + " " + text[dash + 1 :]
        inner = lay_out(body, tolerant=tolerant)
        if inner is None or inner.column <= least or (key is not None and not _is_bare_key(key)):
            return None
        known = old.divided.get(label(text)) if old and old.divided else None
        block = self._divided(body, inner, place.inside(begin), known)
        return entry_around(text, key, begin, block) if key else item_around(text, dash, block)

    def _broken_piece(self, text: str, layout: Layout, place: _Place, reading: Reading) -> Block:
        """Return what can be read of a piece that PyYAML refuses, or that is not an entry or item."""
        failure = reading.failure
        if failure is None:
            return _without_colon(text, reading)
        block: Block | None = None
        if place.level < _MAX_LEVEL:
            block = self._nested(text, layout, replace(place, final=True), None, tolerant=True)
        if block is None:
            block = self._first_lines(text, layout, place, reading)
        block = _with_failure(block, reading)
        block.settled = block.settled and not failure.at_end
        return block

    def _first_lines(self, text: str, layout: Layout, place: _Place, reading: Reading) -> Block:
        """Return what was read before the failure, and the entries below it where the first line is complete."""
        first = end_of_first_line(text)
        head = read(text[:first], self.anchors)
        below = tabs_as_spaces(text[first:])
        rest = lay_out(below, tolerant=True) if place.level < _MAX_LEVEL and layout.is_mapping else None
        head_is_whole = head.failure is None and _is_piece(head.node, layout)
        if not head_is_whole or rest is None or not rest.is_mapping:
            best = head if head_is_whole and not _has_value(reading.node) else reading
            node = best.node if _is_piece(best.node, layout) else None
            before = Block(text, node, best.start, best.problems, best.defines, best.uses)
            return self._kept(before if layout.is_mapping else _with_item(before))
        after = self._divided(below, rest, replace(place.inside(first), final=True), None)
        # Problems further down may follow from the failure, so it alone is reported.
        pieces = [(0, block_of(text[:first], head)), (first, replace(after, problems=(), failed=False))]
        return joined(text, layout, pieces)

    def _kept(self, block: Block) -> Block:
        block.add_to(self.anchors)
        return block

    def _closes_at(self, text: str, at: int, failure: Failure) -> int | None:
        """Return the end (in the document) of the entry or item that `text` opens, when read beyond `text`."""
        if self.document.find(failure.closer, at + len(text)) < 0:
            return None
        try:
            end = _end_of_first_child(events(_ReadOn(text, self.document, at + len(text))))
        except yaml.YAMLError:
            return None
        return at + end if end is not None and end > len(text) else None


class _ReadOn:
    """A stream of a piece and the document after it, read only as far as needed, since many pieces may be open."""

    def __init__(self, piece: str, document: str, at: int) -> None:
        self._piece = piece
        self._document = document
        self._at = at
        self._most = 512

    def read(self, size: int = 512, /) -> str:
        """The next characters, as PyYAML may see them."""
        most = min(size, self._most)
        self._most *= 2
        if self._piece:
            found, self._piece = self._piece[:most], self._piece[most:]
        else:
            found = self._document[self._at : self._at + most]
            self._at += len(found)
        substituted = substitute(found)
        return substituted.text if substituted else found


def _end_of_first_child(stream: Iterator[Any]) -> int | None:
    depth = wanted = 0
    for event in stream:
        if isinstance(event, CollectionStartEvent):
            if depth == 0:
                wanted = 2 if isinstance(event, MappingStartEvent) else 1
            depth += 1
            continue
        if isinstance(event, CollectionEndEvent):
            depth -= 1
        elif not isinstance(event, NodeEvent):
            continue
        if depth == 1:
            wanted -= 1
            if wanted == 0:
                return int(event.end_mark.index)
        elif depth == 0:
            return None
    return None


def _is_piece(node: Green | None, layout: Layout) -> bool:
    """Whether a node is what the layout says: an entry of a block mapping, or an item of a block sequence."""
    if not layout.is_mapping:
        return isinstance(node, Sequence) and node.style is Style.BLOCK
    if not isinstance(node, Mapping) or node.style is not Style.BLOCK or not node.entries:
        return False
    # An anchor or tag on a line of its own would be the mapping's, and no mapping starts here.
    return node.entries[0].key_at == 0 or node.block[node.at] not in "&!"


def _has_value(node: Green | None) -> bool:
    """Whether the last entry or item has a value that could be read."""
    if isinstance(node, Mapping):
        return bool(node.entries) and not isinstance(node.entries[-1].value, Broken | None)
    return isinstance(node, Sequence) and bool(node.items)


def _with_item(block: Block) -> Block:
    """Return a broken item with at least an error node in it, so that it counts among its siblings."""
    if _has_value(block.node):
        return block
    dash, _ = dash_of_item(block.text)
    line = block.text[dash + 1 : end_of_first_line(block.text)]
    rest = line.strip()
    at = 1 + len(line) - len(line.lstrip()) if rest else 1
    items = ((at, Broken(block.text, dash + at, len(rest))),)
    node = make_sequence(block.text, dash, at + len(rest), items, Style.BLOCK)
    return replace(block, node=node, start=dash)


def _is_bare_key(reading: Reading) -> bool:
    node = reading.node
    return (
        reading.failure is None
        and isinstance(node, Mapping)
        and len(node.entries) == 1
        and node.entries[0].value is None
    )


def _without_colon(text: str, reading: Reading) -> Block:
    """Return the block of a line in the place of an entry, such as a half-typed key."""
    node, start = reading.node, reading.start
    if node is None or (isinstance(node, Scalar) and not node.length):
        return Block(text, None, 0, reading.problems)  # a line with `---` and nothing else
    span = Span(start, start + max(node.length, 1))
    if isinstance(node, Scalar) and node.style is Style.PLAIN:
        message = f"Missing colon; write `{node.text}: …`"
        problem = SyntaxProblem(SyntaxCode.MISSING_COLON, message, span)
        entry = Entry(0, node, node.length, None)
        key: Green | None = make_mapping(node.block, node.at, node.length, (entry,), Style.BLOCK)
    else:
        message = "Expected an entry `key: value`"
        problem = SyntaxProblem(SyntaxCode.INVALID_YAML, message, span)
        key = None
    return Block(text, key, start, (*reading.problems, problem), failed=True)


def _with_failure(block: Block, reading: Reading) -> Block:
    """Return a recovered block with the failure of the whole as a problem, unless a piece of it has its own."""
    if not block.failed and reading.failure:
        problem = reading.failure.as_problem()
        others = [other for other in block.problems if other.span.start != problem.span.start]
        block.problems = (*others, problem)
        block.failed = True
    return block
