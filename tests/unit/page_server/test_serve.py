"""The page server tells its address, and ends when nobody looks (engine/page_server/serve.py, audience.py)."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from engine.page_server.audience import Audience, Patience
from engine.page_server.serve import Ending, PortTakenError, Served, serve
from tests.support.commands import OE, call
from tests.support.page_readers import SECONDS, PageReader
from tests.support.written_runs import WriteRun


async def test_a_server_that_nobody_opens_ends(tmp_path: Path) -> None:
    addresses: list[str] = []

    ending = await serve(Served(tmp_path, patience=Patience(before_the_first=0.0)), addresses.append)

    assert ending is Ending.NOBODY_CAME
    assert addresses[0].startswith("http://127.0.0.1:")


async def test_it_ends_when_the_last_has_left(write_run: WriteRun, tmp_path: Path) -> None:
    run = write_run().begin("a")
    addresses: asyncio.Queue[str] = asyncio.Queue()
    served = Served(tmp_path, patience=Patience(after_the_last=0.0))
    serving = asyncio.create_task(serve(served, addresses.put_nowait))
    reader = PageReader(await addresses.get())

    async with reader.events(f'data-events="../runs/{run.run_id}/events?after=0-0"') as events:
        await events.until("running", "page")
        run.complete("a")
        await events.until("completed")
        assert not serving.done()
    await reader.close()

    assert await asyncio.wait_for(serving, SECONDS) is Ending.ALL_LEFT


async def test_whoever_comes_back_in_time_keeps_it() -> None:
    now = [0.0]  # the clock is the test's own
    audience = Audience(Patience(before_the_first=300, after_the_last=30), lambda: now[0])
    with audience.looking():
        now[0] = 1_000.0
        assert audience.seconds_left() is None
    assert audience.seconds_left() == 30
    now[0] = 1_029.0
    audience.came_by()
    now[0] = 1_058.0
    assert audience.seconds_left() == 1
    now[0] = 1_060.0
    await asyncio.wait_for(audience.gone(), SECONDS)


async def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"port {port} is taken"):
            await serve(Served(tmp_path, port=port), lambda _: None)


def test_the_command_prints_one_address_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    command = [*OE, "inspect", "--serve", "--no-open"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("http://127.0.0.1:")

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out, err) == (130, "", "")


def test_wrong_usage_is_told(tmp_path: Path) -> None:
    for arguments, words in (
        (["--serve", "--html", "x"], "--serve excludes"),
        (["x", "--port", "1"], "need --serve"),
        ([], "Missing argument"),
    ):
        called = call([*OE, "inspect", *arguments], tmp_path)
        assert (called.code, words in called.err) == (2, True)
