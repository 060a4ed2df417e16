"""At every write, sync, rename and lock of a run: a crash, an error, a pause. Each ends well."""

from __future__ import annotations

import ast
import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine.log
from engine.log.events.events import RunStatus
from engine.log.reading.index import read_summaries
from engine.log.reading.summary import RunState
from engine.log.storage.disk import FileKind, Operation
from engine.log.writing.writer import LogWriteError
from engine.runner.prepare import RunRefusedError
from tests.faults.faults import (
    EXPECTED,
    Faulty,
    Point,
    Recorded,
    crash,
    fail,
    flaws,
    in_a_process,
    make_world,
    run_on,
    took_up,
)
from tests.support.worlds import World

KEEPING = {Operation.CREATE: 1, Operation.WRITE: 1, Operation.SYNC: 1, Operation.RENAME: 1}
TIMES = {
    FileKind.DATA: {Operation.FOLDER: 2, Operation.SYNC_FOLDER: 3, **KEEPING},
    FileKind.LOCK: {
        Operation.CREATE: 1,
        Operation.LOCK: 1,
        Operation.TRUNCATE: 1,
        Operation.WRITE: 1,
        Operation.DELETE: 1,
    },
    FileKind.ORDER: {Operation.CREATE: 2, Operation.LOCK: 2, Operation.TRUNCATE: 2, Operation.WRITE: 2},
    FileKind.LOG: {
        Operation.CREATE: 1,
        Operation.WRITE: 8,
        Operation.SYNC: 5,
        Operation.RENAME: 1,
        Operation.SYNC_FOLDER: 1,
    },
    FileKind.BLOB: {
        Operation.FOLDER: 1,
        Operation.SYNC_FOLDER: 7,
        Operation.CREATE: 6,
        Operation.WRITE: 6,
        Operation.SYNC: 6,
        Operation.RENAME: 6,
    },
    FileKind.OUTPUT: {Operation.CREATE: 3, Operation.WRITE: 3},
}
"""How often a run of the world reaches each point."""


def points() -> Iterator[object]:
    """Every point, each time: the last of them for `make test`, those before it for `make test-long`."""
    for kind, operations in TIMES.items():
        for operation, times in operations.items():
            for time in range(1, times + 1):
                point = Point(kind, operation, time)
                marks = () if time == times else (pytest.mark.long,)
                yield pytest.param(point, marks=marks, id=str(point))


everywhere = pytest.mark.parametrize("point", [*points()])

DISK_CALLS = {"fsync", "fdatasync", "ftruncate", "unlink", "rename", "write_bytes", "write_text", "lockf", "flock"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def test_the_table_has_every_point_that_a_run_reaches(world: World) -> None:
    disk = Recorded()

    asyncio.run(run_on(disk, world))

    assert disk.reached.keys() == {(kind, operation) for kind, operations in TIMES.items() for operation in operations}
    points = ((kind, operation, times) for kind, counts in TIMES.items() for operation, times in counts.items())
    assert all(disk.reached[kind, operation] >= times for kind, operation, times in points)


@pytest.mark.parametrize(
    "module",
    [
        "writing/writer",
        "writing/run_order",
        "writing/attempt_outputs",
        "storage/lock",
        "storage/blobs",
        "storage/run_store",
    ],
)
def test_what_a_run_keeps_reaches_the_disk_through_the_port_alone(module: str) -> None:
    tree = ast.parse((Path(engine.log.__path__[0]) / f"{module}.py").read_text())
    calls = [
        node.func for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    owners = {call.attr: ast.unparse(call.value) for call in calls}

    assert not DISK_CALLS & owners.keys() - {name for name, owner in owners.items() if owner.endswith("disk")}
    assert "os" not in {owners.get("write"), owners.get("open")}


@everywhere
def test_after_a_crash_nothing_that_completed_runs_again(world: World, point: Point) -> None:
    _, status = os.waitpid(in_a_process(Faulty(point, crash), world), 0)

    assert os.WTERMSIG(status) == signal.SIGKILL
    took_up(world)


@everywhere
def test_an_error_is_told_and_the_next_run_goes_on(world: World, point: Point) -> None:
    is_end_of_order = point.kind is FileKind.ORDER and point.time == TIMES[FileKind.ORDER][point.operation]
    if point.kind is FileKind.OUTPUT or point.operation is Operation.DELETE or is_end_of_order:
        ended = asyncio.run(run_on(Faulty(point, fail), world))
        assert ended.finished.status is RunStatus.SUCCESS
    else:
        begun = point.kind is FileKind.BLOB or (point.kind is FileKind.LOG and point.operation is not Operation.CREATE)
        with pytest.raises(LogWriteError if begun else RunRefusedError, match="Input/output error"):
            asyncio.run(run_on(Faulty(point, fail), world))
    took_up(world)


@pytest.mark.long
@everywhere
def test_in_a_pause_others_see_a_run_that_goes_on_and_are_not_held_up(world: World, point: Point) -> None:
    here, there = os.pipe(), os.pipe()

    def pause() -> None:
        os.write(here[1], b"x")
        os.read(there[0], 1)

    paused = in_a_process(Faulty(point, pause), world)
    assert os.read(here[0], 1) == b"x"
    seen = [summary.state for summary in read_summaries(world.store, world.store.run_ids())]
    other = asyncio.run(world.run())
    os.write(there[1], b"x")
    _, status = os.waitpid(paused, 0)

    assert seen in ([], [RunState.RUNNING], [RunState.SUCCESS])
    assert other.final_state == EXPECTED
    assert os.waitstatus_to_exitcode(status) == 0
    states = [summary.state for summary in read_summaries(world.store, world.store.run_ids())]
    assert states == [RunState.SUCCESS] * 2
    assert list(flaws(world)) == []
    for descriptor in (*here, *there):
        os.close(descriptor)
