"""A log may be cut off anywhere: each beginning of it can be resumed, and nothing in it runs again."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from engine.log.events import RunStatus
from engine.runner.preparation import RunRefusedError
from tests.support.worlds import World

CUT = "4f3a1b2c-0d9e-4f7a-8b6c-1e2d3f4a5b6c"


def completed_in(log: bytes) -> Counter[str]:
    """The nodes and items whose outcome is in the whole lines of a log."""
    lines = [json.loads(line) for line in log.split(b"\n")[:-1]]
    return Counter(line["nodeId"] for line in lines if line["type"] == "node.completed" and "output" in line)


async def test_every_beginning_of_a_log_resumes_to_the_same_end(world: World) -> None:
    whole = await world.run()
    log = world.store.log(whole.run_id).read_bytes()
    everything = completed_in(log)
    first = log.index(b"\n") + 1
    boundaries = [end for end in range(first, len(log) + 1) if log[end - 1 : end] == b"\n"]
    cuts = sorted({cut for end in boundaries for cut in range(end - 2, end + 3) if first <= cut <= len(log)})
    original = world.store.log(CUT)
    for cut in cuts:
        original.write_bytes(log[:cut])
        before = original.stat()
        world.executed()

        resumed = await world.resume(CUT)

        assert resumed.finished.status is RunStatus.SUCCESS
        assert resumed.final_state == whole.final_state
        ran = Counter(name.split(":")[0] for name in world.executed())
        assert ran == everything - completed_in(log[:cut]), f"cut at byte {cut}"
        after = original.stat()
        assert (after.st_size, after.st_mtime_ns, after.st_ino) == (cut, before.st_mtime_ns, before.st_ino)
        world.store.log(resumed.run_id).unlink()


async def test_before_the_end_of_its_first_line_a_log_is_refused(world: World) -> None:
    whole = await world.run()
    log = world.store.log(whole.run_id).read_bytes()
    world.executed()
    for cut in (0, 1, 20, log.index(b"\n") - 1, log.index(b"\n")):
        world.store.log(CUT).write_bytes(log[:cut])
        with pytest.raises(RunRefusedError, match=r"run\.started"):
            await world.resume(CUT)
    assert world.executed() == []
