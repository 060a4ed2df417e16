"""Python programs of this project, in processes forked from one that has imported it.

`oe` and `oe-lsp` take half a second to import, and hundreds of tests start them. Apart from those imports the process
is like one started by the same command: its own memory, descriptors, environment, working directory and exit code.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_DECIDED_AT_START = ("PYTHON", "LANG", "LC_", "TZ")
"""Variables that Python reads when it starts: with other values, a program needs a start of its own."""

_WORDS = ("-m", "-c")


class Forked:
    """A program that was started. `returncode` is minus the signal where one ended it, and None while it runs."""

    def __init__(self, report: int) -> None:
        self._report = report
        self.pid = self._reported()
        self.returncode: int | None = None

    def fileno(self) -> int:
        """Readable when the program has ended."""
        return self._report

    def poll(self) -> int | None:
        """The `returncode` now."""
        return self._ended(0)

    def wait(self, timeout: float = 60) -> int:
        """The `returncode` at the end. Raises TimeoutError after so many seconds."""
        code = self._ended(timeout)
        if code is None:
            raise TimeoutError
        return code

    def kill(self) -> None:
        """End it at once, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def _ended(self, seconds: float) -> int | None:
        if self.returncode is None and select.select([self], [], [], seconds)[0]:
            self.returncode = self._reported()
            os.close(self._report)
        return self.returncode

    def _reported(self) -> int:
        line = b""
        while not line.endswith(b"\n"):  # a program that has ended already has written its second line, too
            read = os.read(self._report, 1)
            assert read, "the process that forks has ended"
            line += read
        return int(line)


class ForkedServer:
    """A forked program with its streams, as asyncio has them."""

    def __init__(
        self, forked: Forked, stdin: asyncio.StreamWriter, stdout: asyncio.StreamReader, stderr: asyncio.StreamReader
    ) -> None:
        self.pid = forked.pid
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self._forked = forked
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(forked.fileno(), self._end)

    @property
    def returncode(self) -> int | None:
        return self._forked.returncode

    async def wait(self) -> int:
        await self._ended.wait()
        return self._forked.wait()

    def kill(self) -> None:
        self._forked.kill()

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._forked.fileno())
        self._forked.poll()
        self.stdin.close()
        self._ended.set()


def can_fork(command: Sequence[str], env: Mapping[str, str]) -> bool:
    """Whether `command` with exactly the environment `env` behaves here as in a process that started with it."""
    return tuple(command[:1]) == (sys.executable,) and command[1] in _WORDS and _decided_at_start(env) == _server()[1]


def fork(
    command: Sequence[str],
    folder: Path,
    env: Mapping[str, str],
    streams: tuple[int, int, int],
    *,
    session: bool = False,
) -> Forked:
    """Start a command in `folder` with exactly the environment `env` and these stdin, stdout and stderr.

    With `session` it leads a session of its own, whose terminal is its stdin if that is one.
    """
    ours, report = os.pipe()
    request = {"program": command[1:], "folder": str(folder), "env": dict(env), "session": session}
    socket.send_fds(_server()[0], [json.dumps(request).encode()], [*streams, report])
    os.close(report)
    return Forked(ours)


async def fork_server(command: Sequence[str], folder: Path, env: Mapping[str, str]) -> ForkedServer:
    """Start a command that talks over its streams."""
    (stdin, write), (read_out, stdout), (read_err, stderr) = (os.pipe() for _ in range(3))
    forked = fork(command, folder, env, (stdin, stdout, stderr))
    for theirs in (stdin, stdout, stderr):
        os.close(theirs)
    return ForkedServer(forked, await _writer(write), await _reader(read_out), await _reader(read_err))


async def _reader(descriptor: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    pipe = os.fdopen(descriptor, "rb", 0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader


async def _writer(descriptor: int) -> asyncio.StreamWriter:
    loop = asyncio.get_running_loop()
    pipe = os.fdopen(descriptor, "wb", 0)
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, pipe)
    return asyncio.StreamWriter(transport, protocol, None, loop)


@functools.cache
def _server() -> tuple[socket.socket, dict[str, str]]:
    """The process that forks, one for a test process, which it does not outlive."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    subprocess.Popen(
        [sys.executable, "-m", "tests.support.fork_server", str(theirs.fileno())],
        cwd=Path(__file__).parents[2],
        pass_fds=[theirs.fileno()],
    )
    theirs.close()
    return ours, _decided_at_start(os.environ)


def _decided_at_start(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(_DECIDED_AT_START)}
