"""An experience with every kind of work that a kill can strike, and what must hold however often it is killed."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import subprocess
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from engine.log.events.codec import to_json
from engine.log.events.events import NodeCached, NodeCompleted, Record
from engine.log.reading.reader import read_log
from engine.log.values.large_values import fetched_output
from tests.faults.faults import flaws
from tests.support.coding_agents import CodingAgents
from tests.support.commands import OE
from tests.support.processes import MARK, wait_for_none
from tests.support.worlds import World

_SOON_SECONDS = 0.01
_MOST = 0.75
"""How much of the time that a whole run takes may go by before a kill: what comes later is early in a resume."""

SOME_WORK = "head -c 10000000 /dev/zero | cksum > /dev/null"
"""For a shell: some hundredths of a second, in which a kill can strike."""

TIMES = Counter({"list": 1, "each:a": 2, "each:b": 1, "each:c": 1, "left": 1, "right": 1, "agent": 1, "join": 1})
"""How often an uninterrupted run executes each node and item."""


def make_world(folder: Path, patch: pytest.MonkeyPatch) -> World:
    """A fan-out; then at the same time a tool whose output is a blob, a JavaScript tool and a coding agent; a join."""
    world = World(folder)
    world.graph(
        """
        - {id: list, kind: tool, impl: list.py, writes: [items]}
        - {id: each, kind: tool, impl: each.py, for_each: {source: $.items, concurrency: 2}, writes: [found]}
        - {id: left, kind: tool, impl: left.py, reads: [found], writes: [x]}
        - {id: right, kind: tool, impl: right.mjs, reads: [found], writes: [y]}
        - {id: agent, kind: cli-agent, provider: codex, prompt: "Judge {{found}}", reads: [found], writes: [said]}
        - {id: join, kind: tool, impl: join.py, join: all, reads: [x, y, said], writes: [z]}
        """,
        """
        - {from: list, to: each}
        - {from: each, to: left}
        - {from: each, to: right}
        - {from: each, to: agent}
        - {from: left, to: join}
        - {from: right, to: join}
        - {from: agent, to: join}
        """,
        "items: {type: array}\nfound: {type: array, merge: array_append}\n"
        "x: {type: string}\ny: {type: number}\nsaid: {type: string}\nz: {type: array}",
    )
    world.tool("list", "return {'state_delta': {'items': ['a', 'b', 'a', 'c']}}")
    world.tool(
        "each",
        "import hashlib\nhashlib.pbkdf2_hmac('sha256', b'some work', b'', 40_000)\n"
        "return {'state_delta': {'found': [item * 2]}, 'edge_output': item}",
    )
    world.tool("left", "return {'state_delta': {'x': ''.join(state['found']) * 10_000}}")
    world.tool("join", "return {'state_delta': {'z': [len(state['x']), state['y'], state['said']]}}")
    world.write(
        "right.mjs",
        """
        import {appendFileSync} from 'node:fs';
        export default ({_state}) => {
          appendFileSync(new URL('executed.txt', import.meta.url), 'right\\n');
          return {state_delta: {y: _state.found.join('').length}};
        };
        """,
    )
    agents = CodingAgents(folder, patch)
    agents.write("codex", f"#!/bin/sh\necho agent >> {folder}/executed.txt\n{SOME_WORK}\necho fine\n")
    return world


@dataclass
class Tally:
    """What a series of kills came to."""

    kills: int = 0
    lineages: int = 0
    restarts: int = 0
    repeated: int = 0
    """Executions of what an earlier kill had cut off."""


class Engine(Protocol):
    """A process that carries out one run."""

    def kill(self) -> None: ...

    def wait(self) -> int: ...


class Command:
    """`oe run` or `oe resume latest`, as a user calls it."""

    def __init__(self, world: World, mark: str) -> None:
        self._process = subprocess.Popen(
            [*OE, "--log-level", "error", *(("resume", "latest") if world.store.run_ids() else ("run",))],
            cwd=world.folder,
            env={**os.environ, MARK: mark},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> int:
        return self._process.wait(60)


class Fork:
    """The same without the second that Python and its imports take: a copy of this process."""

    def __init__(self, world: World, mark: str) -> None:
        self._process = multiprocessing.get_context("fork").Process(target=self._carry_out, args=(world, mark))
        self._process.start()

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> int:
        self._process.join(60)
        assert self._process.exitcode is not None
        return self._process.exitcode

    @staticmethod
    def _carry_out(world: World, mark: str) -> None:
        os.environ[MARK] = mark
        asyncio.run(world.resume() if world.store.run_ids() else world.run())


class Killing:
    """Kills runs and resumes of `world` at random moments, and requires of each what docs/durability.md promises."""

    def __init__(self, world: World, start: Callable[[World, str], Engine], seed: int) -> None:
        self.tally = Tally()
        self._world = world
        self._start = start
        self._chance = random.Random(seed)
        began = time.monotonic()
        assert start(world, "").wait() == 0
        self._usual_seconds = time.monotonic() - began
        assert self._executed() == TIMES
        self._expected = self._outcomes(self._newest())

    def until(self, kills: int) -> Tally:
        """Kill at least so often, each run until it succeeded."""
        while self.tally.kills < kills:
            for file in self._world.store.runs.iterdir():
                file.unlink()
            self._one_lineage()
            self.tally.lineages += 1
        return self.tally

    def _one_lineage(self) -> None:
        """A run that is killed and resumed until it has succeeded."""
        before: Counter[str] = Counter()
        all_executed: Counter[str] = Counter()
        code = None
        while code != 0:
            code = self._until_killed()
            executed = self._executed()
            assert executed <= TIMES - before, "what was complete ran again, or something ran twice in one process"
            all_executed += executed
            before = self._completed()
            self.tally.kills += code != 0
            self.tally.restarts += 1
        self.tally.repeated += (all_executed - TIMES).total()
        assert before == TIMES
        assert list(flaws(self._world)) == []
        assert self._outcomes(self._newest()) == self._expected

    def _until_killed(self) -> int:
        """The exit code of one engine, 0 or that of SIGKILL. Nothing that it started is left."""
        mark = uuid.uuid4().hex
        engine = self._start(self._world, mark)
        killer = threading.Timer(self._chance.uniform(_SOON_SECONDS, _MOST * self._usual_seconds), engine.kill)
        killer.start()
        code = engine.wait()
        killer.cancel()
        assert code in (0, -9)
        wait_for_none(mark)
        return code

    def _executed(self) -> Counter[str]:
        return Counter(self._world.executed())

    def _newest(self) -> str:
        return self._world.store.run_ids()[0]

    def _completed(self) -> Counter[str]:
        """What the logs of the lineage hold a completion of, an item under its value; no place more than once."""
        places: dict[str, str] = {}
        for run_id in self._world.store.run_ids():
            for record in read_log(self._world.store.log(run_id)).records:
                event = record.event
                if isinstance(event, NodeCompleted) and event.output is not None:
                    assert _place(record) not in places, f"{_place(record)} completed twice"
                    item = f":{event.output.edge_output}" if event.scope else ""
                    places[_place(record)] = event.node_id + item
        return Counter(places.values())

    def _outcomes(self, run_id: str) -> dict[str, object]:
        """The outputs of a run that ended, by node and item, and the state that it came to."""
        log = read_log(self._world.store.log(run_id))
        assert log.problems == ()
        read = self._world.store.blobs.read
        outputs: dict[str, object] = {
            _place(record): fetched_output(record.event.output, read)
            for record in log.records
            if isinstance(record.event, NodeCompleted | NodeCached) and record.event.output is not None
        }
        last = to_json(log.records[-1])
        assert last["status"] == "success"
        return {**outputs, "wrote": last["wrote"]}


def _place(record: Record) -> str:
    event = record.event
    assert isinstance(event, NodeCompleted | NodeCached)
    return json.dumps([event.node_id, *(scope.item.key for scope in event.scope if scope.item)])
