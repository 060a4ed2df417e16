"""The items that an experience consists of: nodes, edges, pipelines, loops, phases, and the fields and args as a whole.

They are what an edit changes one of, and so what features keep their findings by: an item that did not change has the
same green node in the next snapshot, at another start.
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
"""The items that have an id which edges may name."""

MOST_KEPT = 8192
"""Of how many items a feature keeps what it found: those of a few large experiences, and of what was edited in them."""


class Item(Struct, frozen=True):
    """An item. `place` is the path that leads to it, with 0 for any position in a list."""

    place: Steps
    view: View


def items(root: View | None) -> Iterator[Item]:
    """Every item below the top of a document, list by list, broken ones included."""
    if root is None:
        return
    for place in (FIELDS, ARGS, PHASES, NODES, EDGES, PIPELINES, LOOPS):
        yield from items_at(root, place)


def items_at(root: View | None, place: Steps) -> Iterator[Item]:
    """The items of one list; of fields and args the one that holds them all."""
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
    """The text under a key of an item; None where there is none, or something else."""
    found = view.get(key) if view is not None else None
    return found.value if found is not None and isinstance(found.value, str) else None
