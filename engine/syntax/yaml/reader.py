"""Reads one block of text into a green subtree, through PyYAML's events. How a document is cut into blocks is not
known here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml
from msgspec import Struct, field
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from engine.syntax.green_tree import (
    Alias,
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
from engine.syntax.problems import SyntaxCode, SyntaxProblem
from engine.syntax.scalars import CORE, TagError, resolve_plain, resolve_tagged
from engine.syntax.spans import Span
from engine.syntax.yaml.character_substitutes import Substituted, substitute
from engine.syntax.yaml.duplicate_keys import complex_keys, duplicate_keys
from engine.syntax.yaml.error_diagnosis import Failure, diagnose
from engine.syntax.yaml.plain_reader import read_plain
from engine.syntax.yaml.pyyaml_events import events

MAX_DEPTH = 64
_MAX_SHOWN = 60

_STYLES = {
    None: Style.PLAIN,
    "": Style.PLAIN,
    "'": Style.SINGLE,
    '"': Style.DOUBLE,
    "|": Style.LITERAL,
    ">": Style.FOLDED,
}
_COUNTS_INDENT = re.compile(r"[|>][0-9+-]*[0-9+]")


Checkpoint = tuple[int, int]
"""A state of `Anchors` that can be restored: anchors added so far, and the allowance left."""


class Anchors(Struct):
    """The anchors seen so far in the document, and how much text aliases may still expand to."""

    allowance: int
    """In code points (docs/format.md, Reading: 10 times the text)."""
    nodes: dict[str, Green] = field(default_factory=dict)
    _replaced: list[tuple[str, Green | None]] = field(default_factory=list)

    def add(self, defines: Iterable[tuple[str, Green]], expansion: int) -> None:
        """Add the anchors of one more block, whose aliases expand to `expansion` code points."""
        for name, node in defines:
            self._replaced.append((name, self.nodes.get(name)))
            self.nodes[name] = node
        self.allowance -= expansion

    def checkpoint(self) -> Checkpoint:
        """Return a checkpoint for `roll_back`. Copies nothing: there may be thousands of anchors."""
        return len(self._replaced), self.allowance

    def roll_back(self, checkpoint: Checkpoint) -> None:
        """Remove what was added since the checkpoint."""
        seen, self.allowance = checkpoint
        while len(self._replaced) > seen:
            name, before = self._replaced.pop()
            if before is None:
                del self.nodes[name]
            else:
                self.nodes[name] = before


class Reading(Struct, frozen=True):
    """The node of a block and its start, the problems in it, the anchors that it defines and the aliases that it uses.

    With a `failure`, the block is not YAML, and `node` holds what was read before the failure.
    """

    node: Green | None
    start: int
    problems: tuple[SyntaxProblem, ...]
    failure: Failure | None
    defines: tuple[tuple[str, Green], ...]
    uses: tuple[tuple[str, Green | None], ...]


def read(block: str, anchors: Anchors) -> Reading:
    """Read a block that is a whole YAML document by itself; `anchors` holds those before it. Never raises."""
    if (plain := read_plain(block)) is not None:
        start, collection = plain
        return Reading(collection, start, (), None, (), ())
    return read_events(block, anchors)


def read_events(block: str, anchors: Anchors) -> Reading:
    """As `read`, always through PyYAML."""
    substituted = substitute(block)
    builder = _Builder(block, substituted, anchors)
    failure: Failure | None = None
    try:
        for event in events(substituted.text if substituted else block):
            builder.take(event)
    except yaml.YAMLError as error:
        failure = diagnose(block, error, builder.innermost_bracket)
    except _TooDeepError as error:
        failure = error.failure
    builder.close_all()
    start, node = builder.root or (0, None)
    return Reading(node, start, tuple(builder.problems), failure, tuple(builder.defines.items()), tuple(builder.uses))


def too_deep(at: int) -> Failure:
    """Return the failure of a collection at `at` that is nested too deeply (docs/format.md, Reading)."""
    message = f"Nested more than {MAX_DEPTH} levels deep; flatten the structure"
    return Failure(SyntaxCode.TOO_DEEP, message, Span(at, at + 1))


class _TooDeepError(Exception):
    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.failure = too_deep(at)


class _Frame(Struct):
    start: int
    is_mapping: bool
    flow: bool
    anchor: str | None
    parts: list[tuple[int, Green | None]] = field(default_factory=list)
    end: int = 0


class _Builder:
    """Folds events into green nodes. Offsets are those of the block until a collection closes."""

    def __init__(self, block: str, substituted: Substituted | None, anchors: Anchors) -> None:
        self.block = block
        self.substituted = substituted
        self.anchors = anchors
        self.allowance = anchors.allowance
        self.frames: list[_Frame] = []
        self.root: tuple[int, Green] | None = None
        self.problems: list[SyntaxProblem] = []
        self.defines: dict[str, Green] = {}
        self.uses: list[tuple[str, Green | None]] = []

    def take(self, event: Any) -> None:
        kind = type(event)
        if kind is ScalarEvent:
            self._scalar(event)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            self._open(event, kind is MappingStartEvent)
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            frame = self.frames[-1]
            if frame.flow:
                frame.end = event.end_mark.index
            self._close()
        elif kind is AliasEvent:
            self._alias(event)

    def close_all(self) -> None:
        """Close what a failure left open, to keep what was read before it."""
        while self.frames and self.frames[-1].flow and not self.frames[-1].parts:
            self.frames.pop()  # whether a bracket is reported before the token after it depends on the parser
        while self.frames:
            self._close()

    @property
    def innermost_bracket(self) -> int | None:
        """The start of the innermost open collection in flow style."""
        return next((frame.start for frame in reversed(self.frames) if frame.flow), None)

    # -- scalars and aliases --------------------------------------------------------------------------------

    def _scalar(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        style = _STYLES[event.style]
        value: str = event.value
        if start == end and self._is_missing_value(event):
            self._add(self._after_colon(start), None)
            return
        portable = True
        if style is Style.LITERAL or style is Style.FOLDED:
            end, portable = self._block_scalar_end(start, end)
        if self.substituted:
            value = self.substituted.restore(value)
        if event.tag is not None:
            data = self._tagged(value, event.tag, Span(start, end), style)
        else:
            data = resolve_plain(value) if style is Style.PLAIN else value
        node = Scalar(self.block, start, end - start, data, style, portable)
        if event.anchor:
            self._define(event.anchor, node)
        self._add(start, node)

    def _is_missing_value(self, event: Any) -> bool:
        if event.anchor or event.tag or not self.frames:
            return False
        frame = self.frames[-1]
        return frame.is_mapping and len(frame.parts) % 2 == 1

    def _after_colon(self, at: int) -> int:
        key_end = self.frames[-1].end
        colon = self.block.find(":", key_end, at)
        return key_end if colon < 0 else colon + 1

    def _block_scalar_end(self, start: int, end: int) -> tuple[int, bool]:
        """Return the end of the last non-blank line, and whether equal text always has this value."""
        text = self.block[start:end]
        last = len(text.rstrip(" \t\r\n"))
        while last < len(text) and text[last] not in "\r\n":
            last += 1
        tail = text[last:]
        header = re.split(r"[\r\n]", text, maxsplit=1)[0]
        portable = bool(tail) and not tail.strip("\r\n") and not _COUNTS_INDENT.search(header)
        return start + last, portable

    def _tagged(self, value: str, tag: str, span: Span, style: Style) -> str | int | float | bool | None:
        if tag == "!" and style is Style.PLAIN and isinstance(resolve_plain(value), str) and value:
            self._text_read_as_tag(span)
        try:
            return resolve_tagged(value, tag)
        except KeyError:
            if style is Style.PLAIN:
                self._text_read_as_tag(span)
            else:
                self._unknown_tag(tag, span)
        except TagError:
            name = tag.replace(CORE, "!!")
            message = f"The value does not match its tag {name}; correct it, or remove the tag"
            self.problems.append(SyntaxProblem(SyntaxCode.TAG_MISMATCH, message, span))
        return value

    def _unknown_tag(self, tag: str, span: Span) -> None:
        name = tag.replace(CORE, "!!")
        message = f"Unknown tag {name}; remove it, or put quotes around it if it is text"
        self.problems.append(SyntaxProblem(SyntaxCode.UNKNOWN_TAG, message, span))

    def _text_read_as_tag(self, span: Span) -> None:
        """Report text that YAML reads as a tag; without its `!`, a condition would mean the opposite."""
        written = self.block[span.start : span.end].split("\n", maxsplit=1)[0].rstrip()
        shown = written if len(written) <= _MAX_SHOWN else written[: _MAX_SHOWN - 1] + "…"
        quote = '"' if "'" in written else "'"
        message = f"! begins a YAML tag; put quotes around the whole text: {quote}{shown}{quote}"
        self.problems.append(SyntaxProblem(SyntaxCode.UNKNOWN_TAG, message, span))

    def _alias(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        name: str = event.anchor
        own = self.defines.get(name)
        target = own or self.anchors.nodes.get(name)
        problem: SyntaxProblem | None = None
        if any(frame.anchor == name for frame in self.frames):
            target = None
            message = f"Alias *{name} refers to a value that contains it; write the value out"
            problem = SyntaxProblem(SyntaxCode.RECURSIVE_ALIAS, message, Span(start, end))
        elif target is None:
            message = f"Unknown alias *{name}; define &{name} above, or put quotes around *{name} if it is text"
            problem = SyntaxProblem(SyntaxCode.UNKNOWN_ALIAS, message, Span(start, end))
        elif len(self.frames) + target.depth > MAX_DEPTH:
            raise _TooDeepError(start)
        else:
            self.allowance -= target.length + target.expansion
            if self.allowance < 0:
                target = None
                message = "Alias expansion exceeds 10 times the size of the file; write the values out"
                problem = SyntaxProblem(SyntaxCode.ALIAS_EXPANSION, message, Span(start, end))
        if problem:
            self.problems.append(problem)
        if own is None or target is None:
            self.uses.append((name, target))
        self._add(start, Alias(self.block, start, end - start, name, target))

    def _define(self, anchor: str, node: Green) -> None:
        self.defines[anchor] = node

    # -- collections ----------------------------------------------------------------------------------------

    def _open(self, event: Any, is_mapping: bool) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        if len(self.frames) >= MAX_DEPTH:
            raise _TooDeepError(start)
        if event.tag is not None and event.tag not in ("!", CORE + ("map" if is_mapping else "seq")):
            self._unknown_tag(event.tag, Span(start, max(end, start + 1)))
        self.frames.append(_Frame(start, is_mapping, bool(event.flow_style), event.anchor, end=end))

    def _close(self) -> None:
        frame = self.frames.pop()
        node: Green = self._mapping(frame) if frame.is_mapping else self._sequence(frame)
        if frame.anchor:
            self._define(frame.anchor, node)
        self._add(frame.start, node)

    def _mapping(self, frame: _Frame) -> Mapping:
        start = frame.start
        parts = frame.parts
        if len(parts) % 2:  # a failure came between key and value
            parts.append(self._broken_value(frame))
        entries: list[Entry] = []
        for position in range(0, len(parts), 2):
            (key_at, key), (value_at, value) = parts[position], parts[position + 1]
            if key is not None:
                entries.append(Entry(key_at - start, key, value_at - start, value))
        self.problems += duplicate_keys(start, entries)
        self.problems += complex_keys(start, entries)
        style = Style.FLOW if frame.flow else Style.BLOCK
        return make_mapping(self.block, start, max(frame.end - start, 0), tuple(entries), style)

    def _sequence(self, frame: _Frame) -> Sequence:
        items = tuple((at - frame.start, item) for at, item in frame.parts if item is not None)
        style = Style.FLOW if frame.flow else Style.BLOCK
        return make_sequence(self.block, frame.start, max(frame.end - frame.start, 0), items, style)

    def _broken_value(self, frame: _Frame) -> tuple[int, Green | None]:
        """Return the text after the colon of the last key, to the end of its line."""
        line_end = re.compile(r"[\r\n]|\Z").search(self.block, frame.end)
        after = self.block[frame.end : line_end.start() if line_end else None]
        colon = after.find(":")
        rest = after[colon + 1 :].strip() if colon >= 0 else ""
        if not rest:
            return frame.end + colon + 1, None
        at = self.block.index(rest, frame.end + colon + 1)
        frame.end = at + len(rest)
        return at, Broken(self.block, at, len(rest))

    def _add(self, at: int, node: Green | None) -> None:
        end = at if node is None else at + node.length
        if not self.frames:
            if self.root is None and node is not None:
                self.root = (at, node)
            return
        frame = self.frames[-1]
        frame.parts.append((at, node))
        frame.end = max(frame.end, end)
