"""The items of an experience: nodes, edges, pipelines, loops, phases, and the blocks of fields and args.

Features cache by item: one that an edit left alone has the same green node in the next snapshot, at another start.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from engine.experience.source.locate import Steps
from engine.syntax import View

NODES, EDGES, PIPELINES, LOOPS = (("graph", name, 0) for name in ("nodes", "edges", "pipelines", "loops"))
PHASES = ("phases", 0)
FIELDS = ("state", "schema")
ARGS = ("args", "properties")

VERTICES = (NODES, PIPELINES, LOOPS)
"""Items whose ids edges may name."""

MAX_CACHED = 8192
"""Cache size per feature, in items: enough for a few large experiences and their edits."""


class Item(Struct, frozen=True):
    """An item. `place` is its path, with 0 for every list position."""

    place: Steps
    view: View


def items(root: View | None) -> Iterator[Item]:
    """Yield every item of a document, list by list, including broken ones."""
    if root is None:
        return
    for place in (FIELDS, ARGS, PHASES, NODES, EDGES, PIPELINES, LOOPS):
        yield from items_at(root, place)


def items_at(root: View | None, place: Steps) -> Iterator[Item]:
    """Yield the items of one list; for fields and args the one block."""
    view = root
    for step in place:
        if view is None:
            return
        if isinstance(step, int):
            yield from (Item(place, item) for item in view.items())
            return
        view = view.get(step)
    if view is not None:
        yield Item(place, view)


def text_at(view: View | None, key: str) -> str | None:
    """Return the string under a key, or None."""
    found = view.get(key) if view is not None else None
    return found.value if found is not None and isinstance(found.value, str) else None
