"""DBOS on SQLite: a workflow whose last step failed, forked from that step on."""

from __future__ import annotations

import asyncio
import contextlib
import time

from dbos import DBOS, SetWorkflowID
from dbos_on_sqlite import launch
from measured import Resumed, command_line, say

ID = "1"


class World:
    """The last step fails while this is broken."""

    broken = True
    executed = 0


@DBOS.step()
async def step(number: int, last: int) -> int:
    """A step that does as little as ours."""
    assert not World.broken or number < last
    World.executed += 1
    return number + 1


@DBOS.workflow()
async def chain(n: int) -> int:
    """N steps, one after the other."""
    count = 0
    for _ in range(n):
        count = await step(count, n - 1)
    return count


@DBOS.workflow()
async def fanout(n: int) -> int:
    """N steps that begin together; all of them may end before the failure of one is raised."""
    results = await asyncio.gather(*(step(index, n - 1) for index in range(n)), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return len(results)


async def main() -> None:
    """Run until the failure, mend it, and time the fork."""
    shape, n, folder = command_line()
    file = folder / "dbos.sqlite"
    launch(file, log_level="CRITICAL")
    try:
        with SetWorkflowID(ID), contextlib.suppress(AssertionError):
            await {"chain": chain, "fanout": fanout}[shape](n)
        World.broken, World.executed = False, 0
        began = time.perf_counter()
        handle = await DBOS.fork_workflow_async(ID, n)
        result = await handle.get_result(polling_interval_sec=0.01)
        seconds = time.perf_counter() - began
        assert result == n
    finally:
        DBOS.destroy()
    say(Resumed(seconds, World.executed))


if __name__ == "__main__":
    asyncio.run(main())
