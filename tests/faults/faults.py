"""Faults in place of the disk: at one named point a crash, an error or a pause. And a run that comes by all of them."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.experience.load import load
from engine.log.events.events import NodeCompleted, RunStatus
from engine.log.reading.index import read_summaries
from engine.log.reading.reader import read_log
from engine.log.reading.summary import RunState
from engine.log.storage.disk import Disk, FileKind, Operation
from engine.runner.prepare import prepare_run
from engine.runner.session import Ended, carry_out, new_run_id
from tests.support.log_schema import schema_errors_of
from tests.support.worlds import World


@dataclass(frozen=True)
class Point:
    """A moment of a run: just before `operation` is done to `kind` for the `time`-th time."""

    kind: FileKind
    operation: Operation
    time: int = 1

    def __str__(self) -> str:
        return f"{self.kind.value} {self.operation.value} {self.time}"


class Recorded(Disk):
    """Notes how often every point is reached."""

    def __init__(self) -> None:
        self.reached: Counter[tuple[FileKind, Operation]] = Counter()

    def before(self, kind: FileKind, operation: Operation) -> None:
        self.reached[kind, operation] += 1


class Faulty(Recorded):
    """Does `fault` at one point; of what is written there, half has been written by then."""

    def __init__(self, point: Point, fault: Callable[[], object]) -> None:
        super().__init__()
        self._point = point
        self._fault = fault

    def before(self, kind: FileKind, operation: Operation) -> None:
        super().before(kind, operation)
        if operation is not Operation.WRITE and Point(kind, operation, self.reached[kind, operation]) == self._point:
            self._fault()

    def write(self, kind: FileKind, descriptor: int, data: memoryview) -> int:
        if Point(kind, Operation.WRITE, self.reached[kind, Operation.WRITE] + 1) != self._point:
            return super().write(kind, descriptor, data)
        written = super().write(kind, descriptor, data[: (len(data) + 1) // 2])
        self._fault()
        return written


def crash() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail(number: int = errno.EIO) -> None:
    raise OSError(number, os.strerror(number))


EXPECTED = {"x": "x" * 70_000, "y": 70_000, "z": 70_001}


def make_world(folder: Path) -> World:
    """a → b → c. The first writes a value that becomes a blob, and all of them print."""
    world = World(folder)
    world.graph(
        """
        - {id: a, kind: tool, impl: a.py, writes: [x]}
        - {id: b, kind: tool, impl: b.py, reads: [x], writes: [y]}
        - {id: c, kind: tool, impl: c.py, reads: [y], writes: [z]}
        """,
        "[{from: a, to: b}, {from: b, to: c}]",
        "x: {type: string}\ny: {type: number}\nz: {type: number}",
    )
    world.tool("a", "print('a')\nreturn {'state_delta': {'x': 'x' * 70_000}}")
    world.tool("b", "print('b')\nreturn {'state_delta': {'y': len(state['x'])}}")
    world.tool("c", "print('c')\nreturn {'state_delta': {'z': state['y'] + 1}}")
    return world


async def run_on(disk: Disk, world: World) -> Ended:
    """A run of the world that writes to `disk`."""
    return await carry_out(prepare_run(load(world.folder), {}), new_run_id(), lambda _: None, disk=disk)


def in_a_process(disk: Disk, world: World) -> int:
    """Start a run of the world in a process of its own; returns its id. It ends with 0 for a success."""
    child = os.fork()
    if child:
        return child
    try:
        ended = asyncio.run(run_on(disk, world))
        os._exit(0 if ended.finished.status is RunStatus.SUCCESS else 1)
    finally:
        os._exit(2)


def completed(world: World) -> set[str]:
    """The nodes whose completion is in a log."""
    return {
        record.event.node_id
        for run_id in world.store.run_ids()
        for record in read_log(world.store.log(run_id)).records
        if isinstance(record.event, NodeCompleted)
    }


def flaws(world: World) -> Iterator[str]:
    """The lines, but for a torn last one, that are not what the schema says."""
    for run_id in world.store.run_ids():
        for line in world.store.log(run_id).read_text(encoding="utf-8").split("\n")[:-1]:
            yield from schema_errors_of(json.loads(line))


def took_up(world: World) -> None:
    """What is left is valid and nobody is at work on it; taking it up runs what had not completed, and only that."""
    done = completed(world)
    executed = world.executed()
    assert list(flaws(world)) == []
    states = {summary.state for summary in read_summaries(world.store, world.store.run_ids())}
    assert states <= {RunState.INTERRUPTED, RunState.SUCCESS}

    ended = asyncio.run(world.resume() if world.store.run_ids() else world.run())

    assert ended.finished.status is RunStatus.SUCCESS
    assert ended.final_state == EXPECTED
    assert set(executed) >= done
    assert world.executed() == [node for node in "abc" if node not in done]
    asyncio.run(world.resume(ended.run_id))
    assert world.executed() == [], "a value was lost"
