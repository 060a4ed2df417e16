"""What stands at an offset of a snapshot: the path that leads there, and whether it is a key or a value.

The base of hover and of navigation. What the names there mean is said by oe_lsp.ide.names.symbol_references.
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
    """What of an entry the cursor is on. GAP: between the entries of a collection, or on nothing at all."""

    KEY = "key"
    VALUE = "value"
    GAP = "gap"


class Cursor(Struct, frozen=True):
    """`steps` lead from the top of the document to the entry or item; `view` is the key or the value itself.

    `around` are the collections that it is in, the whole document first.
    """

    offset: int
    steps: Steps
    part: Part
    view: View
    ancestors: tuple[View, ...]

    @property
    def item(self) -> View | None:
        """The node, edge, pipeline, loop or phase that the cursor is in."""
        return enclosing_item(self.ancestors[0] if self.ancestors else self.view, self.steps)

    def is_at(self, *patterns: str) -> bool:
        """Whether the path is one of these; see `path_is`."""
        return any(path_is(self.steps, pattern) for pattern in patterns)


def cursor_at(snapshot: Snapshot, offset: int) -> Cursor | None:
    """What stands at `offset` (code points); None in an empty document and outside of all its values."""
    return cursor_in(snapshot.analysis.tree.root, offset)


def cursor_in(root: View | None, offset: int) -> Cursor | None:
    """As `cursor_at`, from the top of a tree."""
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
    """Whether a path follows a pattern: names with dots between; `*` is any one step, a last `**` any rest."""
    parts, open_end = _parsed(pattern)
    if len(steps) < len(parts) or (len(steps) > len(parts) and not open_end):
        return False
    return all(part in {"*", step} for part, step in zip(parts, steps, strict=False))


@lru_cache(maxsize=256)
def _parsed(pattern: str) -> tuple[tuple[str, ...], bool]:
    parts = tuple(pattern.split("."))
    return (parts[:-1], True) if parts[-1] == "**" else (parts, False)


def enclosing_item(root: View, steps: Steps) -> View | None:
    """The node, edge, pipeline, loop or phase that a path leads into, from the top of the document."""
    for pattern, length in (("graph.*.*.**", 3), ("phases.*.**", 2)):
        if path_is(steps, pattern):
            return root.find(steps[:length])
    return None
