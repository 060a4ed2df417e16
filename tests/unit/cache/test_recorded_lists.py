"""A plan says "new item" only of items that were not in the original's list (recorded_lists.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.log.events.events import NodeStarted
from tests.support.worlds import World

FIVE = ["a", "b", "c", "d", "e"]


@pytest.fixture
async def interrupted(tmp_path: Path) -> World:
    """A run over five items, one after the other, that was killed when two had completed."""
    world = World(tmp_path)
    world.graph(
        """
        - {id: list, kind: tool, impl: list.py, uses: [items.txt], writes: [items]}
        - {id: each, kind: tool, impl: each.py, for_each: {source: $.items, concurrency: 1}}
        """,
        "[{from: list, to: each}]",
        "items: {type: array}",
    )
    world.tool("list", "return {'state_delta': {'items': open('items.txt').read().split()}}")
    world.tool("each", "return {}")
    write_items(world, FIVE)
    ended = await world.run()
    log = world.store.log(ended.run_id)
    lines = log.read_bytes().splitlines(keepends=True)
    ends = [number for number, line in enumerate(lines) if b'"node.completed"' in line and b'"item"' in line]
    log.write_bytes(b"".join(lines[: ends[1] + 1]))
    return world


def write_items(world: World, items: list[str]) -> None:
    world.write("items.txt", " ".join(items))


NOT_REACHED = "not reached in the original run"


def planned(world: World) -> list[str]:
    """Why each item of the fan-out would run, in its order; empty where it would be restored."""
    (each,) = [entry for entry in world.plan().entries if entry.node_id == "each"]
    return ["; ".join(item.reasons) for item in each.items]


async def resumed(world: World) -> list[str]:
    """Why each item that a resume ran did run."""
    ended = await world.resume()
    started = (record.event for record in world.records(ended.run_id) if isinstance(record.event, NodeStarted))
    return ["; ".join(event.reasons) for event in started if event.node_id == "each" and event.scope]


async def test_items_that_were_never_started_are_not_new(interrupted: World) -> None:
    assert planned(interrupted) == ["", "", NOT_REACHED, NOT_REACHED, NOT_REACHED]


async def test_items_that_were_appended_are_new(interrupted: World) -> None:
    write_items(interrupted, [*FIVE, "f"])

    assert await resumed(interrupted) == [NOT_REACHED, NOT_REACHED, NOT_REACHED, "new item"]


async def test_an_item_in_the_place_of_one_that_was_reached_is_new(interrupted: World) -> None:
    write_items(interrupted, ["x", *FIVE[1:]])

    assert await resumed(interrupted) == ["new item", NOT_REACHED, NOT_REACHED, NOT_REACHED]


async def test_no_item_of_a_fan_out_that_was_never_reached_is_new(interrupted: World) -> None:
    log = interrupted.store.log(interrupted.store.run_ids()[0])
    lines = log.read_bytes().splitlines(keepends=True)
    began = next(number for number, line in enumerate(lines) if b'"nodeId":"each"' in line)
    log.write_bytes(b"".join(lines[:began]))

    assert planned(interrupted) == [NOT_REACHED] * 5
