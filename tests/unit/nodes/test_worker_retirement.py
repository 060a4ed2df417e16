"""A worker may retire after a reply, or reply that it is stale and a new one must serve the request."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.nodes.workers.pool import Program, WorkerPool

SPEAKS_THE_PROTOCOL = """
import json, os, socket, sys
channel = socket.socket(fileno=int(sys.argv[1]))
asked = 0
for line in channel.makefile("rb"):
    request = json.loads(line)
    asked += 1
    reply = {"id": request["id"], "ok": True, "output": {"pid": os.getpid(), "asked": asked}}
    if request.get("needs_a_new_one") and asked > 1 or request.get("never_fits"):
        reply = {"id": request["id"], "stale": True}
    if request.get("leaves_something"):
        reply["retire"] = True
    channel.sendall(json.dumps(reply).encode() + b"\\n")
open(f"ended-{os.getpid()}", "w").close()
"""


class Asked:
    """A pool of one worker that reports which process replied."""

    def __init__(self, folder: Path) -> None:
        worker = folder / "speaks.py"
        worker.write_text(SPEAKS_THE_PROTOCOL)
        self.folder = folder
        self.pool = WorkerPool(folder, os.environ, size=1)
        self._program = Program((sys.executable, str(worker)), folder)

    async def ask(self, **request: bool) -> int:
        """The process id of the worker that replied."""
        message = json.dumps({"id": 1, **request}).encode() + b"\n"
        reply = await self.pool.ask(self._program, message, lambda _: None)
        pid = reply["output"]["pid"]
        assert isinstance(pid, int)
        return pid

    def ended(self, pid: int) -> bool:
        """Tells whether that worker has ended by itself."""
        return (self.folder / f"ended-{pid}").exists()


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncIterator[Asked]:
    asked = Asked(tmp_path)
    yield asked
    await asked.pool.close()


async def test_a_retiring_worker_replies_and_gets_no_other_request(asked: Asked) -> None:
    first = await asked.ask()
    last = await asked.ask(leaves_something=True)
    next_one = await asked.ask()

    assert (first == last, first == next_one) == (True, False)


async def test_a_retiring_worker_exits_before_the_pool_is_closed(asked: Asked) -> None:
    retired = await asked.ask(leaves_something=True)
    await asked.pool.close()

    assert asked.ended(retired)


async def test_a_stale_worker_is_replaced_by_a_new_one(asked: Asked) -> None:
    first = await asked.ask()
    second = await asked.ask(needs_a_new_one=True)
    third = await asked.ask()

    assert second not in (first, os.getpid())
    assert third == second


async def test_a_new_worker_that_replies_stale_is_an_error(asked: Asked) -> None:
    with pytest.raises(RuntimeError, match="stale"):
        await asyncio.wait_for(asked.ask(never_fits=True), 20)
