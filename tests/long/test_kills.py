"""SIGKILL at random moments of run and resume: nothing that was completed runs again, and the end is the same."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections import Counter

from engine.log.events import NodeCompleted
from tests.support.worlds import World

KILLS = 60
SEED = 7


def start(world: World, *args: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "engine.cli", "--log-level", "error", *args]
    return subprocess.Popen(command, cwd=world.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def completions(world: World) -> Counter[str]:
    """How often each node and item was completed, in all logs together."""
    counted: Counter[str] = Counter()
    for run_id in world.store.run_ids():
        for record in world.records(run_id):
            event = record.event
            if isinstance(event, NodeCompleted) and event.output is not None:
                item = event.scope[-1].item if event.scope else None
                counted[f"{event.node_id}:{item.key}" if item else event.node_id] += 1
    return counted


def drop_logs_without_a_first_line(world: World) -> None:
    """A log that was killed before its first line was whole is no original for anything."""
    for run_id in world.store.run_ids():
        log = world.store.log(run_id)
        if b"\n" not in log.read_bytes():
            log.unlink()


async def test_a_run_that_is_killed_again_and_again_ends_as_if_it_had_not_been(world: World) -> None:
    expected = await world.run()
    chance = random.Random(SEED)
    kills = 0
    while kills < KILLS:
        for log in world.store.runs.iterdir():
            log.unlink()
        world.executed()
        executed: Counter[str] = Counter()
        killed_here = 0
        code = -9
        while code != 0:
            process = start(world, *(("resume", "latest") if world.store.run_ids() else ("run",)))
            killer = threading.Timer(chance.uniform(0.05, 0.9), process.kill)
            killer.start()
            code = process.wait(timeout=60)
            killer.cancel()
            assert code in (0, -9)
            killed_here += code != 0
            drop_logs_without_a_first_line(world)
            executed += Counter(name.split(":")[0] for name in world.executed())
            assert max(completions(world).values(), default=0) <= 1, "what was completed ran again"
        kills += killed_here
        last = json.loads(world.store.log(world.store.run_ids()[0]).read_bytes().splitlines()[-1])
        assert last["status"] == "success"
        resumed = await world.resume("latest")
        assert resumed.final_state == expected.final_state
        assert world.executed() == []
        for node, times in executed.items():
            once, at_most_under_way = (4, 2) if node == "each" else (1, 1)
            assert times <= once + at_most_under_way * killed_here, f"{node} ran {times} times in {killed_here} kills"
