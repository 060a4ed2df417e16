"""Five processes resume, list, follow and prune runs in the same folder, as fast as they can: each sees the truth."""

from __future__ import annotations

import asyncio
import os
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.log.events.events import RunFinished, RunStatus
from engine.log.prune.prune import choose, plan_removal, remove
from engine.log.reading.index import read_summaries
from engine.log.reading.reader import LogTail, read_log
from engine.log.reading.summary import RunState
from engine.log.storage.disk import FileKind, Operation
from engine.log.storage.lock import is_held
from tests.faults.faults import EXPECTED, Faulty, Point, crash, flaws, in_a_process, make_world
from tests.support.worlds import World

KEPT = 6

SECONDS = [3.0, pytest.param(60.0, marks=pytest.mark.long)]


def start(work: Callable[[], None], complaints: Path) -> int:
    """A process that does `work` once; what it raises is in `complaints` then."""
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - it goes to the parent, and the child may not go on as a second test
        complaints.write_text(traceback.format_exc())
        os._exit(1)


def resume_once(world: World, run_id: str) -> None:
    ended = asyncio.run(world.resume(run_id))
    assert ended.finished.status is RunStatus.SUCCESS
    assert ended.final_state == EXPECTED


def resume_again_and_again(world: World, until: float) -> None:
    """Resume the latest that is over: the one that died, and later one that this or the other process made."""
    while time.monotonic() < until:
        over = (run_id for run_id in world.store.run_ids() if not is_held(world.store.lock(run_id)))
        resume_once(world, next(over))


def list_again_and_again(world: World, dead: str, until: float) -> None:
    """No run but the one that died is ever interrupted, and none that ended is ever running again."""
    ended: set[str] = set()
    while time.monotonic() < until:
        for summary in read_summaries(world.store, world.store.run_ids()):
            if summary.run_id == dead:
                assert summary.state is RunState.INTERRUPTED
            elif summary.run_id in ended:
                assert summary.state is RunState.SUCCESS
            else:
                assert summary.state in (RunState.RUNNING, RunState.SUCCESS)
            if summary.state is RunState.SUCCESS:
                ended.add(summary.run_id)


def follow_again_and_again(world: World, dead: str, until: float) -> None:
    """Every log that ends has been followed to its last line, and every line came once and in order."""
    tails: dict[str, LogTail] = {}
    seen: dict[str, int] = {}
    ends: set[str] = set()
    while time.monotonic() < until or len(ends) < len(tails) - 1:
        for run_id in world.store.run_ids() if time.monotonic() < until else list(tails):
            try:
                records = list(tails.setdefault(run_id, LogTail(world.store.log(run_id))).poll())
            except FileNotFoundError:  # only what has ended is ever removed
                ends.add(run_id)
                continue
            for record in records:
                assert record.seq == seen.get(run_id, 0)
                seen[run_id] = record.seq + 1
                if isinstance(record.event, RunFinished):
                    ends.add(run_id)
    assert all(not tail.problems for tail in tails.values())
    assert dead in seen
    assert dead not in ends


def prune_again_and_again(world: World, dead: str, until: float) -> None:
    """Remove all but the newest runs, and the one that died."""
    while time.monotonic() < until:
        old = [run_id for run_id in world.store.run_ids()[KEPT:] if run_id != dead]
        choice = choose(world.store, old)
        remove(world.store, plan_removal(world.store, choice.removed))


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.timeout(300)
def test_whatever_they_see_of_each_other_is_true(tmp_path: Path, seconds: float) -> None:
    world = make_world(tmp_path)
    os.waitpid(in_a_process(Faulty(Point(FileKind.LOG, Operation.WRITE, 5), crash), world), 0)
    (dead,) = world.store.run_ids()
    original = world.store.log(dead).read_bytes()
    until = time.monotonic() + seconds

    works = [
        lambda: resume_again_and_again(world, until),
        lambda: resume_again_and_again(world, until),
        lambda: list_again_and_again(world, dead, until),
        lambda: follow_again_and_again(world, dead, until),
        lambda: prune_again_and_again(world, dead, until),
    ]
    complaints = [tmp_path / f"complaint-{number}" for number in range(len(works))]
    for process in [start(work, complaint) for work, complaint in zip(works, complaints, strict=True)]:
        os.waitpid(process, 0)

    assert [complaint.read_text() for complaint in complaints if complaint.exists()] == []
    executed = world.executed()
    assert executed.count("a") == 1, "it was complete, and its value is in a blob that prunes leave alone"
    assert all(executed.count(node) <= 1 + 2 for node in "bc"), "each of the two may have resumed the dead run"
    run_ids = world.store.run_ids()
    assert len(run_ids) >= 3
    assert world.store.log(dead).read_bytes() == original
    assert list(flaws(world)) == []
    for run_id in run_ids:
        assert read_log(world.store.log(run_id)).problems == ()


def test_two_resumes_of_the_same_run_at_the_same_moment_are_two_new_runs(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    os.waitpid(in_a_process(Faulty(Point(FileKind.LOG, Operation.WRITE, 5), crash), world), 0)
    (dead,) = world.store.run_ids()
    original, time_of_it = world.store.log(dead).read_bytes(), world.store.log(dead).stat().st_mtime_ns
    complaints = [tmp_path / "complaint-1", tmp_path / "complaint-2"]

    for process in [start(lambda: resume_once(world, dead), complaint) for complaint in complaints]:
        os.waitpid(process, 0)

    assert [complaint.read_text() for complaint in complaints if complaint.exists()] == []
    new = [run_id for run_id in world.store.run_ids() if run_id != dead]
    assert [read_log(world.store.log(run_id)).started.original_run_id for run_id in new] == [dead, dead]
    assert world.executed().count("a") == 1
    assert world.store.log(dead).read_bytes() == original
    assert world.store.log(dead).stat().st_mtime_ns == time_of_it
