"""The server ends with the process that `initialize` names, even if its pipes stay open."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from oe_lsp.server.transport import client_process
from oe_lsp.server.transport.client_process import wait_for_exit
from tests.lsp.conftest import Weather
from tests.lsp.editor import SECONDS, Editor

pytestmark = pytest.mark.long

ENDS_WITH_ITS_INPUT = (sys.executable, "-c", "import sys; sys.stdin.read()")


class Process:
    """A process that stands in for the client's."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(ENDS_WITH_ITS_INPUT, stdin=subprocess.PIPE)
        self.id = self._process.pid

    async def end(self) -> None:
        self._process.kill()
        await asyncio.to_thread(self._process.wait)


@pytest.fixture
async def process() -> AsyncIterator[Process]:
    process = Process()
    yield process
    await process.end()


async def test_a_server_ends_with_its_clients_process_although_the_pipes_stay_open(
    weather: Weather, process: Process
) -> None:
    editor = Editor(weather.folder, process_id=process.id)
    async with editor:
        editor.open()

        await process.end()

        await editor.until_server_exits()
        assert editor.exit_code == 1, "there was no `shutdown`"


async def test_a_run_goes_on_when_its_editor_has_died(weather: Weather, process: Process) -> None:
    weather.mend().hold()
    async with Editor(weather.folder, process_id=process.id) as editor:
        run_id = (await editor.execute("oe.runExperience", editor.open()))["runId"]
        await process.end()
        await editor.until_server_exits()

    async with Editor(weather.folder) as editor:
        uri = editor.open()
        await editor.until_lens(uri, f"■ Cancel run {run_id[:8]}")
        await asyncio.to_thread(weather.release)
        await editor.until_lens(uri, f"▶ Resume run {run_id[:8]} · succeeded")


async def test_a_run_is_cancelled_when_its_editor_has_died_if_so_set(weather: Weather, process: Process) -> None:
    weather.mend().hold()
    settings = {"run": {"onEditorClose": "cancel"}}
    async with Editor(weather.folder, process_id=process.id, settings=settings) as editor:
        run_id = (await editor.execute("oe.runExperience", editor.open()))["runId"]
        await process.end()
        await editor.until_server_exits()

    async with Editor(weather.folder) as editor:
        await editor.until_lens(editor.open(), f"▶ Resume run {run_id[:8]} · cancelled")


@pytest.mark.parametrize("pid", [0, -1, 2**31 - 1, 2**40])
async def test_an_unknown_process_id_does_not_end_the_server(weather: Weather, pid: int) -> None:
    """The client may be in another container, or on another machine."""
    async with Editor(weather.folder, process_id=pid) as editor:
        assert await editor.lenses(editor.open())
        assert editor.is_served


def test_a_client_without_a_process_is_served() -> None:
    messages = [
        {"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}},
        {"id": 2, "method": "shutdown"},
        {"method": "exit"},
    ]
    bodies = [json.dumps({"jsonrpc": "2.0", **message}).encode() for message in messages]
    said = b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies)

    ended = subprocess.run([sys.executable, "-m", "oe_lsp.server"], input=said, capture_output=True, check=False)

    assert ended.returncode == 0


@pytest.fixture(params=["pidfd", "polling"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that reports the end of a process, and one that has to be polled."""
    if request.param == "polling":
        monkeypatch.setattr(client_process, "_POLL_S", 0.01)
        monkeypatch.delattr(os, "pidfd_open")


@pytest.mark.usefixtures("system")
async def test_waiting_ends_with_the_process(process: Process) -> None:
    waiting = asyncio.create_task(wait_for_exit(process.id))
    await asyncio.sleep(0)
    assert not waiting.done()

    await process.end()

    await asyncio.wait_for(waiting, SECONDS)


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize("pid", [0, -5, 2**22 + 1, 2**64])
async def test_waiting_for_an_unknown_process_raises(pid: int) -> None:
    with pytest.raises(ProcessLookupError):
        await wait_for_exit(pid)


@pytest.mark.usefixtures("system")
async def test_waiting_can_be_cancelled(process: Process) -> None:
    waiting = asyncio.create_task(wait_for_exit(process.id))
    await asyncio.sleep(0)

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert _descriptors_of_processes() == []


def _descriptors_of_processes() -> list[str]:
    opened = [(each.name, str(each.readlink())) for each in Path("/proc/self/fd").iterdir() if each.exists()]
    return [name for name, what in opened if "pidfd" in what]
