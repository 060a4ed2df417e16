"""Warnings about limits that hold back a fan-out although the user asked for more (engine/scheduler/slots.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.log.events.events import NodeWarning
from engine.nodes.processes.environment import cores
from tests.support.worlds import World


def fan_out(folder: Path, for_each: str) -> World:
    """More tools at once than this machine has cores."""
    world = World(folder)
    world.graph(
        f"""
        - {{id: list, kind: tool, impl: list.py, writes: [items]}}
        - {{id: each, kind: tool, impl: each.py, for_each: {{source: $.items{for_each}}}}}
        """,
        "[{from: list, to: each}]",
        "items: {type: array}",
    )
    world.tool("list", f"return {{'state_delta': {{'items': list(range({cores() + 2}))}}}}")
    world.tool("each", "return {}")
    return world


async def warnings(world: World, concurrency: int | None = None) -> list[tuple[str, str]]:
    ended = await world.run(concurrency=concurrency)
    events = (record.event for record in world.records(ended.run_id))
    return [(event.node_id, event.message) for event in events if isinstance(event, NodeWarning)]


async def test_a_fan_out_that_asks_for_more_than_there_are_cores_gets_a_warning(tmp_path: Path) -> None:
    world = fan_out(tmp_path, f", concurrency: {cores() + 1}")

    (told,) = await warnings(world, concurrency=100)

    assert told[0] == "each"
    assert told[1].startswith(f"for_each.concurrency: {cores() + 1} has no effect beyond {cores()}")


async def test_so_is_a_run_that_asks_for_more(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.graph("".join(f"- {{id: n{number}, kind: tool, impl: each.py}}\n" for number in range(cores() + 2)))
    world.tool("each", "return {}")

    (told,) = await warnings(world, concurrency=cores() + 1)

    assert told[1].startswith(f"concurrency {cores() + 1} has no effect beyond {cores()}")


@pytest.mark.parametrize("for_each", ["", ", concurrency: 1"])
async def test_without_a_wish_for_more_there_is_no_warning(tmp_path: Path, for_each: str) -> None:
    assert await warnings(fan_out(tmp_path, for_each)) == []
