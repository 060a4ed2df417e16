"""The small world that the tables of this folder speak about. No tests here."""

from __future__ import annotations

import pytest

from engine.expressions import Json, Lookup, Missing, Path, Root, Step, descend
from engine.syntax.spans import Span

STATE: dict[str, Json] = {
    "count": 3,
    "ratio": 0.5,
    "name": "alice",
    "items": [1, 2, 3],
    "flag": True,
    "nul": None,
    "empty": [],
    "s": "",
    "obj": {"a": {"b": 2}},
}
WORLD: dict[Root, Json] = {
    Root.STATE: STATE,
    Root.BARE: STATE,
    Root.ITEM: {"k": 1, "id": "i-1"},
    Root.INDEX: 4,
    Root.ARGS: {"x": "from args"},
    Root.EDGES: {"first": [10]},
}


@pytest.fixture(scope="session")
def lookup() -> Lookup:
    """Finds paths in the state of the tables; every other field is declared but was never written."""

    def find(path: Path) -> Json | Missing:
        root = Step(path.root.name, Span(0, 0))
        return descend({root.name: value for root, value in WORLD.items()}, (root, *path.steps))

    return find
