"""Ten thousand of everything: it ends, in a time and a memory that grow with the number and no faster."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from engine.log.events.events import RunStatus
from tests.support.worlds import World

OUTPUT_BYTES = 2_000
MEMORY_FACTOR = 3
"""The engine may grow by this many times the bytes of the outputs that it holds: the values, and what knows of them."""

SIZES = (100, 1_000, 10_000)
ROUNDS = 3


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A step that passes a number on, and a tool for items; neither notes anything."""
    world = World(tmp_path)
    world.write("step.py", "def run(input):\n    return {'state_delta': {'count': input['_state']['count'] + 1}}\n")
    world.write("each.py", f"def run(input):\n    return {{'edge_output': 'x' * {OUTPUT_BYTES}}}\n")
    return world


def chain(world: World, size: int) -> None:
    """Tools in a row."""
    nodes = (f"- {{id: s{index}, kind: tool, impl: step.py, reads: [count], writes: [count]}}" for index in range(size))
    edges = (f"{{from: s{index}, to: s{index + 1}}}" for index in range(size - 1))
    world.graph("\n".join(nodes), "\n".join(f"- {edge}" for edge in edges), "count: {type: number, default: 0}")


def fan_out(world: World, size: int) -> None:
    """One tool for each of so many numbers."""
    world.graph(
        "- {id: each, kind: tool, impl: each.py, for_each: {source: $.numbers, concurrency: 8}}",
        state=f"numbers: {{type: array, default: {list(range(size))}}}",
    )


def peak_bytes(world: World) -> int:
    """Run the experience in a process of its own: the most memory that this process had."""
    command = [sys.executable, "-m", "engine.cli", "--log-level", "error", "run"]
    process = subprocess.Popen(command, cwd=world.folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def test_ten_thousand_items_end_and_cost_the_memory_of_their_outputs(world: World) -> None:
    few, many = 1_000, 10_000
    fan_out(world, few)
    before = peak_bytes(world)
    fan_out(world, many)

    after = peak_bytes(world)

    last = world.records(world.store.run_ids()[0])[-1].event
    assert last.status is RunStatus.SUCCESS  # type: ignore[union-attr]
    assert after - before < MEMORY_FACTOR * (many - few) * OUTPUT_BYTES


async def seconds_per_node(world: World, size: int) -> dict[str, float]:
    """The time on the processor that a run and its resume take for each node: the best of some rounds."""
    best = {"run": float("inf"), "resume": float("inf")}
    for _ in range(ROUNDS):
        for name, go in (("run", world.run), ("resume", world.resume)):
            began = time.process_time()
            ended = await go()
            best[name] = min(best[name], (time.process_time() - began) / size)
            assert ended.finished.status is RunStatus.SUCCESS
        for log in world.store.runs.iterdir():
            log.unlink()
    return best


@pytest.mark.parametrize("build", [chain, fan_out])
async def test_what_a_node_costs_does_not_grow_with_their_number(world: World, build) -> None:
    costs = {}
    for size in SIZES:
        build(world, size)
        costs[size] = await seconds_per_node(world, size)

    for name in ("run", "resume"):
        for smaller, larger in pairwise(SIZES):
            assert costs[larger][name] < 2 * costs[smaller][name], costs
