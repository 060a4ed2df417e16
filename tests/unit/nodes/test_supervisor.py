"""The supervisor: whatever is killed, nothing that a program started outlives it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from engine.nodes.processes import supervisor
from engine.nodes.processes.process import Process
from engine.nodes.tool import ToolKind
from tests.unit.nodes.conftest import Bench
from tests.unit.nodes.test_workers import gone

STUBBORN = "trap '' TERM INT HUP; echo $$ > {fifo}; while :; do sleep 60; done"
"""A shell that tells its id and refuses to die."""

Start = Callable[..., Awaitable[Process]]


class Announced:
    """A FIFO into which the processes of a test write their ids."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "announced"
        os.mkfifo(self.path)
        self._descriptor = os.open(self.path, os.O_RDWR)

    async def pids(self, count: int) -> list[int]:
        """The ids of `count` processes, once all of them run."""
        text = b""
        while len(text.split()) < count or not text.endswith(b"\n"):
            text += await asyncio.to_thread(os.read, self._descriptor, 1024)
        return [int(pid) for pid in text.split()]

    def close(self) -> None:
        os.close(self._descriptor)


@pytest.fixture
def announced(tmp_path: Path) -> Announced:
    return Announced(tmp_path)


@pytest.fixture
def printed() -> bytearray:
    return bytearray()


@pytest.fixture
async def start(tmp_path: Path, printed: bytearray) -> AsyncIterator[Start]:
    """Starts a program under the supervisor; it is ended with the test."""
    started: list[Process] = []

    async def begin(*command: str) -> Process:
        process = await Process.start(command, tmp_path, dict(os.environ), stdout=printed.extend)
        started.append(process)
        return process

    yield begin
    for process in started:
        await process.stop()


def shell(text: str) -> tuple[str, str, str]:
    return ("/bin/sh", "-c", text)


def family(announced: Announced) -> tuple[str, str, str]:
    """A stubborn shell with a stubborn child, one in a group of its own, and one orphan in a session of its own."""
    stubborn = STUBBORN.format(fifo=announced.path)
    inner = f'sh -c "{stubborn.replace("$", chr(92) + "$")}"'
    daemon = f"(setsid {inner} &)"
    grouped = f"(set -m; {inner} &)"
    return shell(f"{inner} & {daemon}; {grouped}; {stubborn}")


async def none_of(pids: list[int]) -> None:
    for pid in pids:
        await asyncio.wait_for(gone(pid), 3)


@pytest.mark.parametrize("code", [0, 3, 127])
async def test_it_ends_with_the_code_of_its_program(start: Start, printed: bytearray, code: int) -> None:
    process = await start(*shell(f"echo out; echo err >&2; exit {code}"))

    assert await process.wait() == code
    assert printed == b"out\nerr\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGINT, signal.SIGHUP])
async def test_it_ends_by_the_signal_of_its_program(start: Start, number: signal.Signals) -> None:
    process = await start(*shell(f"kill -{int(number)} $$"))

    assert await process.wait() == -number


async def test_a_program_that_cannot_be_started_is_an_error_with_the_reason(start: Start, tmp_path: Path) -> None:
    process = await start(str(tmp_path / "nowhere"))

    with pytest.raises(FileNotFoundError, match="No such file or directory"):
        await process.wait()


async def test_stopping_ends_even_stubborn_processes_and_those_in_other_sessions(
    start: Start, announced: Announced
) -> None:
    process = await start(*family(announced))
    pids = await announced.pids(4)

    await process.stop()

    await none_of(pids)


async def test_stopping_lets_a_program_clean_up(start: Start, announced: Announced, printed: bytearray) -> None:
    process = await start(
        *shell(f"trap 'echo cleaned up; exit' TERM; echo $$ > {announced.path}; while :; do sleep 0.1; done")
    )
    await announced.pids(1)

    await process.stop()

    assert printed.endswith(b"cleaned up\n")


async def test_what_a_program_leaves_behind_ends_with_it(start: Start, announced: Announced) -> None:
    stubborn = STUBBORN.format(fifo=announced.path).replace("$", "\\$")
    process = await start(*shell(f'setsid sh -c "{stubborn}" & sleep 0.2'))
    pids = await announced.pids(1)

    assert await process.wait() == 0
    await none_of(pids)


async def test_a_stop_that_is_cancelled_kills_at_once(start: Start, announced: Announced) -> None:
    process = await start(*family(announced))
    pids = await announced.pids(4)
    stopping = asyncio.create_task(process.stop())
    await asyncio.sleep(0)

    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping

    began = asyncio.get_running_loop().time()
    await none_of(pids)
    assert asyncio.get_running_loop().time() - began < 1.5


ENGINE = """
import asyncio, os, sys
from pathlib import Path
from engine.nodes.processes.process import Process
async def main():
    process = await Process.start(sys.argv[1:], Path("/"), dict(os.environ), stdout=print)
    await process.wait()
asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_everything_ends_when_the_engine_is_killed(announced: Announced, number: signal.Signals) -> None:
    engine = await asyncio.create_subprocess_exec(sys.executable, "-c", ENGINE, *family(announced))
    pids = await announced.pids(4)

    engine.send_signal(number)
    await engine.wait()

    await none_of(pids)


async def test_all_in_its_session_end_when_the_supervisor_itself_is_killed(start: Start, announced: Announced) -> None:
    stubborn = STUBBORN.format(fifo=announced.path)
    inner = f'sh -c "{stubborn.replace("$", chr(92) + "$")}"'
    process = await start(*shell(f"{inner} & {stubborn}"))
    pids = await announced.pids(2)
    supervisor = os.getsid(pids[0])

    os.kill(supervisor, signal.SIGKILL)

    assert await process.wait() == -signal.SIGKILL
    await none_of(pids)


async def test_a_program_may_kill_its_own_process_group(start: Start, printed: bytearray) -> None:
    process = await start(*shell("echo before; kill -KILL 0"))

    assert await process.wait() == -signal.SIGKILL
    assert printed == b"before\n"


async def test_a_program_gets_no_descriptor_that_is_not_its_own(start: Start, printed: bytearray) -> None:
    process = await start(sys.executable, "-c", "import os; print(sorted(map(int, os.listdir('/dev/fd')))[:-1])")

    await process.wait()

    assert printed == b"[0, 1, 2]\n"


async def test_a_program_has_the_usual_signals_and_no_supervisor_in_its_group(start: Start, printed: bytearray) -> None:
    process = await start(
        sys.executable,
        "-c",
        "import os; print(os.getpgid(0) == os.getpid(), [line.split()[1] for line in open('/proc/self/status')"
        " if line.startswith('SigBlk')])",
    )

    await process.wait()

    assert printed == b"True ['0000000000000000']\n"


async def test_hundreds_of_short_lived_orphans_are_reaped(start: Start, printed: bytearray) -> None:
    process = await start(*shell("for i in $(seq 200); do (setsid true &); done; echo done"))

    assert await process.wait() == 0
    assert printed == b"done\n"


DAEMON = """
import os, subprocess
def run(i):
    subprocess.Popen(["setsid", "sh", "-c", i["stubborn"]])
    return {}
"""


async def test_what_a_tool_leaves_behind_ends_with_the_run(tmp_path: Path, announced: Announced) -> None:
    bench = Bench(tmp_path, ToolKind(tmp_path))
    bench.write("a.py", DAEMON)
    await bench.call("a.py", stubborn=STUBBORN.format(fifo=announced.path))
    pids = await announced.pids(1)

    await bench.kind.close()

    await none_of(pids)


def test_it_needs_nothing_but_the_standard_library() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import runpy; runpy.run_path({sys.modules[Process.__module__].supervisor.__file__!r})",
        ],
        check=False,
    )

    assert done.returncode == 0


def test_nothing_is_started_for_an_engine_that_is_gone_already(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    command = ["/usr/bin/touch", str(tmp_path / "started")]

    ended = subprocess.run(
        [sys.executable, "-I", "-S", supervisor.__file__, str(theirs.fileno()), *command],
        pass_fds=(theirs.fileno(),),
        start_new_session=True,
        check=False,
    )

    theirs.close()
    assert ended.returncode == 1
    assert list(tmp_path.iterdir()) == []
