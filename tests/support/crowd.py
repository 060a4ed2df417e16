"""Processes that run, resume, list, read and prune the same folder, each at random, and insist on what must hold then.
`python -m tests.support.crowd FOLDER NAME ROUNDS` is one of them; a broken promise is a traceback.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from engine.log.prune.prune import choose, plan_removal, remove
from engine.log.reading.index import read_summaries
from engine.log.reading.reader import Log, read_log
from engine.log.reading.summary import RunState, RunSummary
from engine.runner.prepare import RunRefusedError
from engine.state.rebuild import catch_up, rebuild
from engine.state.store import StateStore
from tests.support.worlds import World

KEPT = 6
ROOT = Path(__file__).parents[2]


def crowded_world(folder: Path) -> World:
    """An experience whose output lies in a blob, and whose runs each leave a word in the state."""
    world = World(folder)
    world.graph(
        """
        - {id: look, kind: tool, impl: look.py, args: {word: $args.word}, writes: [seen]}
        - {id: grow, kind: tool, impl: grow.py, writes: [big]}
        """,
        "[{from: look, to: grow}]",
        "seen: {type: array, merge: array_append, persist: true}\nbig: {type: string}",
    )
    world.tool("look", "return {'state_delta': {'seen': [input['word']]}}")
    world.tool("grow", "return {'state_delta': {'big': 'x' * 70_000}}")
    return world


def crowd(folder: Path, processes: int, rounds: int) -> Counter[str]:
    """Let so many of them loose, wait for all, and check what they leave; returns how often each thing was done."""
    world = crowded_world(folder)
    commands = [
        [sys.executable, "-m", "tests.support.crowd", str(folder), str(name), str(rounds)] for name in range(processes)
    ]
    members = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for command in commands
    ]
    said = [member.communicate(timeout=600) for member in members]
    for member, (_, errors) in zip(members, said, strict=True):
        assert (member.returncode, errors) == (0, ""), errors
    done = Counter(word.split(":")[0] for out, _ in said for word in out.split())
    words = {word.removeprefix("run:") for out, _ in said for word in out.split() if word.startswith("run:")}
    _check_what_is_left(world, words)
    return done


def _check_what_is_left(world: World, words: set[str]) -> None:
    """Every run left its word, whether its log is still there or not, and each word once; and that can be rebuilt."""
    store = StateStore(world.store.data)
    before = store.values(), store.history()
    assert Counter(store.values()["seen"].value) == Counter(words)  # type: ignore[arg-type]
    rebuild(world.store)
    assert (store.values(), store.history()) == before
    assert [path.name for path in world.store.data.rglob("*") if path.suffix in (".tmp", ".going", ".lock")] == []


class Member:
    """One process. What it did, it prints."""

    def __init__(self, world: World, name: str, chance: random.Random) -> None:
        self._world = world
        self._store = world.store
        self._name = name
        self._chance = chance
        self._runs = 0

    async def act(self, rounds: int) -> None:
        await self.run()
        actions: list[Callable[[], Awaitable[None]]] = [self.run, self.resume, self.list, self.read, self.prune]
        for _ in range(rounds):
            await self._chance.choice(actions)()

    async def run(self) -> None:
        word = f"{self._name}-{self._runs}"
        self._runs += 1
        ended = await self._world.run({"word": word})
        print(f"run:{word}")
        assert word in ended.final_state["seen"]  # type: ignore[operator]
        self._check_own(ended.run_id)

    async def resume(self) -> None:
        original = self._some_run().run_id
        try:
            ended = await self._world.resume(original)
        except RunRefusedError as error:
            # The other one pruned it, or is still at it; whoever starts now is told.
            assert "still running" in str(error) or not self._store.log(original).exists()
            return
        print("resume")
        assert len(ended.final_state["big"]) == 70_000  # type: ignore[arg-type]
        self._check_own(ended.run_id)

    async def list(self) -> None:
        listed = self._listed()
        print("list")
        assert len({run.run_id for run in listed}) == len(listed)
        assert {run.state for run in listed} <= {RunState.SUCCESS, RunState.RUNNING}

    async def read(self) -> None:
        run = self._some_run()
        try:
            log = read_log(self._store.log(run.run_id))
        except FileNotFoundError:
            return
        print("read")
        _check_whole(log, has_ended=run.has_ended)

    async def prune(self) -> None:
        choice = choose(self._store, self._store.run_ids()[KEPT:])
        remove(self._store, plan_removal(self._store, choice.removed))
        catch_up(self._store)
        print("prune")

    def _check_own(self, run_id: str) -> None:
        """What has just ended here is listed as such, and every line of it is there."""
        assert [run.state for run in read_summaries(self._store, [run_id])] == [RunState.SUCCESS]
        log = read_log(self._store.log(run_id))
        _check_whole(log, has_ended=True)
        for record in log.records:
            delta = getattr(getattr(record.event, "output", None), "state_delta", {})
            for value in delta.values():
                if isinstance(value, dict):
                    self._store.blobs.read(str(value["$blob"]).removeprefix("sha256:"))

    def _listed(self) -> list[RunSummary]:
        return read_summaries(self._store, self._store.run_ids())

    def _some_run(self) -> RunSummary:
        return self._chance.choice(self._listed())


def _check_whole(log: Log, *, has_ended: bool) -> None:
    assert log.problems == ()
    assert [record.seq for record in log.records] == list(range(len(log.records)))
    assert not has_ended or log.records[-1].event.type == "run.finished"


if __name__ == "__main__":
    _, _folder, _name, _rounds = sys.argv
    _world = World(Path(_folder))
    asyncio.run(Member(_world, _name, random.Random(_name)).act(int(_rounds)))
