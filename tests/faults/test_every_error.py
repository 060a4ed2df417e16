"""Whatever a disk answers, and however little it takes at a time: a run ends well."""

from __future__ import annotations

import asyncio
import errno
import os
from functools import partial
from pathlib import Path

import pytest

from engine.log.events.events import RunStatus
from engine.log.storage.disk import Disk, FileKind, Operation
from engine.log.writing.writer import LogWriteError
from tests.faults.faults import EXPECTED, Faulty, Point, fail, flaws, make_world, run_on, took_up
from tests.support.worlds import World

POINTS = (
    Point(FileKind.LOG, Operation.WRITE, 5),
    Point(FileKind.LOG, Operation.SYNC, 3),
    Point(FileKind.BLOB, Operation.WRITE, 2),
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


@pytest.mark.parametrize("point", POINTS, ids=str)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_each_error_stops_a_run_in_its_own_words_and_the_next_one_goes_on(
    world: World, point: Point, number: int
) -> None:
    with pytest.raises(LogWriteError, match=os.strerror(number)):
        asyncio.run(run_on(Faulty(point, partial(fail, number)), world))

    took_up(world)


class Stingy(Disk):
    """Takes a few bytes at a time, as a disk may."""

    def write(self, kind: FileKind, descriptor: int, data: memoryview) -> int:
        return super().write(kind, descriptor, data[: max(7, len(data) // 9)])


def test_what_a_disk_takes_piece_by_piece_is_whole_in_the_end(world: World) -> None:
    ended = asyncio.run(run_on(Stingy(), world))

    assert (ended.finished.status, ended.final_state) == (RunStatus.SUCCESS, EXPECTED)
    assert list(flaws(world)) == []
    took_up(world)
