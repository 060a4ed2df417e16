"""Worlds for the tests of whole runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.worlds import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty experience folder."""
    return World(tmp_path)


@pytest.fixture
def chain(world: World) -> World:
    """a → b → c: a writes x, b reads it and writes y, c reads y and writes z."""
    world.chain(state="found: {type: array, merge: array_append}")
    return world


@pytest.fixture
def fan_out(world: World) -> World:
    """list → each (for every item) → total."""
    world.graph(
        """
        - {id: list, kind: tool, impl: list.py, uses: [items.txt], writes: [items]}
        - {id: each, kind: tool, impl: each.py, for_each: {source: $.items, concurrency: 2}, writes: [found]}
        - {id: total, kind: tool, impl: total.py, reads: [found], writes: [sum]}
        """,
        "[{from: list, to: each}, {from: each, to: total}]",
        "items: {type: array}\nfound: {type: array, merge: array_append}\nsum: {type: number}",
    )
    world.write("items.txt", "1 2 3 4")
    world.tool(
        "list",
        """
        from recorder import HERE
        return {"state_delta": {"items": [int(word) for word in (HERE / "items.txt").read_text().split()]}}
        """,
    )
    world.tool("each", "return {'state_delta': {'found': [item * 10]}}")
    world.tool("total", "return {'state_delta': {'sum': sum(state['found'])}}")
    return world
