"""The node of the tree at an offset, with its path, for hover and navigation.

What the names in it refer to is in oe_lsp.ide.names.symbol_references.
"""

from __future__ import annotations

from bisect import bisect_left
from enum import Enum
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from engine.experience.source.locate import Steps, key_text
from engine.syntax import NodeKind, View
from engine.syntax.green_tree import Sequence
from oe_lsp.ide.document.snapshot import Snapshot


class Part(Enum):
    """The part of an entry under the cursor. GAP: between the entries of a collection, or nothing."""

    KEY = "key"
    VALUE = "value"
    GAP = "gap"


class Cursor(Struct, frozen=True):
    """`steps` is the path from the top of the document to the entry or item; `view` is the key or value itself.

    `ancestors` are the collections around it, outermost first.
    """

    offset: int
    steps: Steps
    part: Part
    view: View
    ancestors: tuple[View, ...]

    @property
    def item(self) -> View | None:
        """The node, edge, pipeline, loop or phase around the cursor."""
        return enclosing_item(self.ancestors[0] if self.ancestors else self.view, self.steps)

    def is_at(self, *patterns: str) -> bool:
        """Return whether the path matches one of the patterns of `path_is`."""
        return any(path_is(self.steps, pattern) for pattern in patterns)


def cursor_at(snapshot: Snapshot, offset: int) -> Cursor | None:
    """Return the cursor at `offset` (code points), or None outside all values."""
    return cursor_in(snapshot.analysis.tree.root, offset)


def cursor_in(root: View | None, offset: int) -> Cursor | None:
    """As `cursor_at`, for the root of a tree."""
    views = root.path_to(offset) if root else ()
    if not views:
        return None
    steps: list[str | int] = []
    part = Part.VALUE
    for parent, child in pairwise(views):
        step, part = _step(parent, child)
        steps.append(step)
    innermost = views[-1]
    if innermost.kind in {NodeKind.MAPPING, NodeKind.SEQUENCE} or not innermost.span.contains(offset):
        part = Part.GAP
    return Cursor(offset, tuple(steps), part, innermost, views[:-1])


def _step(parent: View, child: View) -> tuple[str | int, Part]:
    if isinstance(parent.green, Sequence):
        at = bisect_left(parent.green.items, child.start - parent.start, key=lambda item: item[0])
        return at, Part.VALUE
    for entry in parent.entries():
        if entry.key.green is child.green and entry.key.start == child.start:
            return key_text(entry.key), Part.KEY
        if entry.value is not None and entry.value.green is child.green and entry.value.start == child.start:
            return key_text(entry.key), Part.VALUE
    return "", Part.GAP


def path_is(steps: Steps, pattern: str) -> bool:
    """Return whether a path matches a pattern of names joined by dots; `*` is any one step, a final `**` any rest."""
    parts, open_end = _parsed(pattern)
    if len(steps) < len(parts) or (len(steps) > len(parts) and not open_end):
        return False
    return all(part in {"*", step} for part, step in zip(parts, steps, strict=False))


@lru_cache(maxsize=256)
def _parsed(pattern: str) -> tuple[tuple[str, ...], bool]:
    parts = tuple(pattern.split("."))
    return (parts[:-1], True) if parts[-1] == "**" else (parts, False)


def enclosing_item(root: View, steps: Steps) -> View | None:
    """Return the node, edge, pipeline, loop or phase that a path leads into."""
    for pattern, length in (("graph.*.*.**", 3), ("phases.*.**", 2)):
        if path_is(steps, pattern):
            return root.find(steps[:length])
    return None
