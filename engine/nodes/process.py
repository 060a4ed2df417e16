"""One worker process: started in a session of its own, asked one thing at a time, ended with all that it started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

GRACE_SECONDS = 2.0
"""Between SIGTERM and SIGKILL."""

TAIL_BYTES = 4096
"""How much of what a worker printed is kept for the message about its crash."""


class WorkerGone(Exception):  # noqa: N818 — not an error of ours, but what happened
    """The worker ended before it had answered. `how` says in which way, `printed` is the end of what it printed."""

    def __init__(self, how: str, printed: str) -> None:
        super().__init__(how)
        self.how = how
        self.printed = printed


class Worker:
    """A running worker. It leads a process group, which ends with it; and which ends itself when this process does."""

    def __init__(
        self, transport: asyncio.SubprocessTransport, process: _Process, channel: _Channel, lifeline: int
    ) -> None:
        self._transport = transport
        self._process = process
        self._channel = channel
        self._lifeline = lifeline

    @classmethod
    async def start(
        cls, command: Sequence[str], folder: Path, directory: Path, environment: Mapping[str, str]
    ) -> Worker:
        """Start `command` (interpreter, worker file) in `directory`, for the tools of `folder`. Raises OSError."""
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        watched, lifeline = os.pipe()
        try:
            transport, process = await loop.subprocess_exec(
                _Process,
                *command,
                *(str(theirs.fileno()), str(watched), str(folder)),
                cwd=directory,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                pass_fds=(theirs.fileno(), watched),
                start_new_session=True,
            )
            _, channel = await loop.create_unix_connection(_Channel, sock=ours)
        except BaseException:
            ours.close()
            os.close(lifeline)  # whatever was started sees it and ends
            raise
        finally:
            theirs.close()
            os.close(watched)
        return cls(transport, process, channel, lifeline)

    @property
    def alive(self) -> bool:
        """Whether it can still be asked."""
        return not (self._channel.closed or self._process.exited.done())

    async def ask(self, message: bytes) -> bytes:
        """The answer to `message`, one line each. Raises WorkerGone. After a cancellation it is still busy: kill it."""
        try:
            return await self._channel.ask(message)
        except ConnectionError:
            await self._finish()
        raise WorkerGone(_how(self._transport.get_returncode()), self._process.printed())

    async def end(self) -> None:
        """Let an idle worker end by itself, so that what its tools registered for that moment runs."""
        self._channel.close()
        await self._finish()

    async def kill(self) -> None:
        """Stop it, and everything in its process group. Returns when it is gone."""
        self._signal(signal.SIGTERM)
        self._channel.close()
        await self._finish()

    async def _finish(self) -> None:
        try:
            await asyncio.wait({self._process.exited}, timeout=GRACE_SECONDS)
        finally:
            self._signal(signal.SIGKILL)
            if self._lifeline >= 0:
                os.close(self._lifeline)
                self._lifeline = -1
        await asyncio.wait({self._process.exited})
        # Its output ends when the last process that holds it does; one that left the group may do so much later.
        await asyncio.wait({self._process.silent}, timeout=GRACE_SECONDS)
        self._transport.close()

    def _signal(self, number: signal.Signals) -> None:
        if self._lifeline >= 0:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._transport.get_pid(), number)


class _Process(asyncio.SubprocessProtocol):
    """The life of the process, and the end of what it prints."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[None] = loop.create_future()
        self.silent: asyncio.Future[None] = loop.create_future()
        self._tail = b""

    def printed(self) -> str:
        """The last TAIL_BYTES that it printed."""
        return self._tail.decode(errors="replace").strip()

    def pipe_data_received(self, fd: int, data: bytes) -> None:  # noqa: ARG002
        self._tail = (self._tail + data)[-TAIL_BYTES:]

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002
        self.silent.set_result(None)

    def process_exited(self) -> None:
        self.exited.set_result(None)


class _Channel(asyncio.Protocol):
    """One question and one answer at a time; each is one line."""

    def __init__(self) -> None:
        self.closed = False
        self._pieces: list[bytes] = []
        self._answer: asyncio.Future[bytes] | None = None
        self._transport: asyncio.Transport | None = None

    async def ask(self, message: bytes) -> bytes:
        """Raises ConnectionError when the other end is closed before it answered."""
        if self.closed or self._transport is None:
            raise ConnectionResetError
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(message)
        return await self._answer

    def close(self) -> None:
        """Let the other end see that nothing more will be asked."""
        self.closed = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._pieces.append(data)
        if not data.endswith(b"\n"):
            return
        line = b"".join(self._pieces)
        self._pieces.clear()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(line)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.closed = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError())


def _how(returncode: int | None) -> str:
    if returncode is None:
        return "ended"
    if returncode >= 0:
        return f"ended with exit code {returncode}"
    try:
        return f"was killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"was killed by signal {-returncode}"
