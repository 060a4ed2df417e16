"""Folding ranges: sections, nodes, block scalars, multi-line brackets, and comment blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from engine.syntax import Green, LineIndex, NodeKind, View
from oe_lsp.ide.document.items import MAX_CACHED
from oe_lsp.ide.document.snapshot import Snapshot


class Fold(Struct, frozen=True):
    """A foldable range of zero-based lines; the first stays visible. `depth` is 0 for the outermost."""

    first_line: int
    last_line: int
    depth: int
    is_comment: bool = False


def folds(snapshot: Snapshot, most: int | None = None) -> tuple[Fold, ...]:
    """Return the folds in line order, at most one per first line; the outermost `most` of them."""
    lines = snapshot.analysis.lines
    by_line: dict[int, Fold] = {}
    root = snapshot.analysis.tree.root
    for fold in (*(_below(root, 0, lines) if root else ()), *_comment_folds(snapshot)):
        by_line.setdefault(fold.first_line, fold)
    kept = sorted(by_line.values(), key=lambda fold: fold.depth)[:most]
    return tuple(sorted(kept, key=lambda fold: fold.first_line))


class _Inner(Struct, frozen=True):
    """A fold inside a node, in lines relative to the node's first."""

    first: int
    last: int
    depth: int


_DEPTH_OF_ITEMS = 2
"""The depth of items such as `graph.nodes[0]`. Folds inside them are cached across snapshots."""


def _below(view: View, depth: int, lines: LineIndex) -> Iterator[Fold]:
    """Yield the folds in a collection, outer before inner."""
    for owner, inner in _parts(view):
        last = _last_line(inner.green)
        if last == 0 and owner is inner:
            continue
        line = lines.position(inner.start).line
        first = lines.position(owner.start).line
        if first < line + last:
            yield Fold(first, line + last, depth)
        if last and depth < _DEPTH_OF_ITEMS:
            yield from _below(inner, depth + 1, lines)
        elif last:
            yield from (Fold(line + fold.first, line + fold.last, depth + fold.depth) for fold in _inside(inner.green))


@lru_cache(maxsize=MAX_CACHED)
def _inside(green: Green) -> tuple[_Inner, ...]:
    view = View(green, 0)
    folds = _below(view, _DEPTH_OF_ITEMS, LineIndex(view.text))
    return tuple(_Inner(fold.first_line, fold.last_line, fold.depth - _DEPTH_OF_ITEMS + 1) for fold in folds)


def _parts(view: View) -> Iterator[tuple[View, View]]:
    """Yield the members of a collection, each after the view where its fold starts: its key, or the member itself."""
    yield from ((entry.key, entry.value) for entry in view.entries() if entry.value is not None)
    yield from ((item, item) for item in view.items())


@lru_cache(maxsize=MAX_CACHED)
def _last_line(green: Green) -> int:
    """Return the last non-blank line of a node, relative to its first."""
    if green.kind is NodeKind.NULL:
        return 0
    text = green.text.rstrip()
    return LineIndex(text).line_count - 1


_COMMENT = re.compile(r"#[^\r\n]*")


def _comment_folds(snapshot: Snapshot) -> Iterator[Fold]:
    """Yield blocks of comment lines; text inside a block scalar is no comment."""
    tree = snapshot.analysis.tree
    for start, first, last in _comment_blocks(snapshot.text, snapshot.analysis.lines):
        path = tree.node_at(start)
        if not path or path[-1].kind is not NodeKind.SCALAR or path[-1].span.end <= start:
            yield Fold(first, last, len(path), is_comment=True)


def _comment_blocks(text: str, lines: LineIndex) -> Iterator[tuple[int, int, int]]:
    """Yield offset, first and last line of each two or more consecutive lines that begin with `#`."""
    start = first = last = -1
    for found in _COMMENT.finditer(text):
        place = lines.position(found.start())
        if text[found.start() - place.column : found.start()].strip(" \t\ufeff"):
            continue
        if place.line != last + 1 or start < 0:
            if first < last:
                yield start, first, last
            start, first = found.start(), place.line
        last = place.line
    if first < last:
        yield start, first, last
