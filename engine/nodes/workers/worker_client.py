"""The engine's end of a worker process, which runs worker.py or worker.mjs and serves one request at a time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from engine.nodes.processes.process import Process, Sink, how_it_ended
from engine.nodes.processes.supervisor import GRACE_SECONDS

TAIL_BYTES = 4096
"""Bytes of a worker's output that are kept for the message about its crash."""

_PIECE = 65_536

Reply = Mapping[str, Any]
"""The reply to one request.

Every reply has the `id` of its request, and `ok`: true with an `output`. `retire: true` asks to end this worker, which
holds something that must not reach another request; `why` may name it. `stale: true`, instead of `ok`, says that the
worker cannot serve the request as a new one would, and has not called the tool.
"""


class WorkerGone(Exception):  # noqa: N818 — an event, not an error of ours
    """The worker ended before it replied. `how` describes its end, `printed` is the end of its output."""

    def __init__(self, how: str, printed: str) -> None:
        super().__init__(how)
        self.how = how
        self.printed = printed


class Worker:
    """A running worker."""

    def __init__(self, process: Process, channel: _Channel, printed: _Printed) -> None:
        self._process = process
        self._channel = channel
        self._printed = printed

    @classmethod
    async def start(
        cls, command: Sequence[str], folder: Path, directory: Path, environment: Mapping[str, str]
    ) -> Worker:
        """Starts `command` (interpreter, worker file) in `directory`, for the tools of `folder`. Raises OSError."""
        ours, theirs = socket.socketpair()
        printed = _Printed()
        try:
            process = await Process.start(
                (*command, str(theirs.fileno()), str(folder), str(directory)),
                directory,
                environment,
                stdout=printed.take,
                pass_fds=(theirs.fileno(),),
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        try:
            _, channel = await asyncio.get_running_loop().create_unix_connection(_Channel, sock=ours)
        except BaseException:
            ours.close()
            await process.stop()
            raise
        return cls(process, channel, printed)

    @property
    def alive(self) -> bool:
        """True while it can serve requests."""
        return self._process.running and not self._channel.closed

    async def ask(self, message: bytes, sink: Sink) -> Reply:
        """Sends `message` and returns the reply, one line each; what it prints meanwhile goes to `sink`.

        Raises WorkerGone, and OSError if it could not be started. After a cancellation it is still busy: kill it before
        `sink` is closed.
        """
        self._printed.sink = sink
        try:
            answer = await self._channel.ask(message)
        except ConnectionError:
            code = await self._process.wait()
            raise WorkerGone(how_it_ended(code), self._printed.tail()) from None
        self._process.drain()  # printed before the reply was sent
        self._printed.forget()
        return _parsed(answer)

    async def end(self) -> None:
        """Lets an idle worker exit, so that its tools' exit handlers run."""
        self._channel.close()
        with contextlib.suppress(asyncio.TimeoutError, OSError):
            await asyncio.wait_for(self._process.wait(), GRACE_SECONDS)
            return
        await self._process.stop()

    async def kill(self) -> None:
        """Stops it and everything that it started. Returns when it is gone."""
        try:
            await self._process.stop()
        finally:
            self._channel.close()
            self._printed.forget()


def _parsed(answer: bytes) -> Reply:
    try:
        reply: Reply = msgspec.json.decode(answer)
    except msgspec.DecodeError:
        reply = json.loads(answer)  # JavaScript's JSON may hold half of a surrogate pair, which is reported later
    return reply


class _Printed:
    """A worker's output: passed on to the caller, and its end kept."""

    def __init__(self) -> None:
        self.sink: Sink | None = None
        self._end = b""

    def take(self, data: bytes) -> None:
        """See Sink."""
        self._end = (self._end + data)[-TAIL_BYTES:]
        if self.sink is not None:
            self.sink(data)

    def tail(self) -> str:
        """The last TAIL_BYTES."""
        return self._end.decode(errors="replace").strip()

    def forget(self) -> None:
        """Resets it."""
        self.sink = None
        self._end = b""


class _Channel(asyncio.BufferedProtocol):
    """One request and one reply at a time, one line each.

    Has its own buffer: allocating one for each reply, as asyncio does, takes longer than the rest.
    """

    def __init__(self) -> None:
        self.closed = False
        self._buffer = memoryview(bytearray(_PIECE))
        self._pieces: list[bytes] = []
        self._answer: asyncio.Future[bytes] | None = None
        self._transport: asyncio.Transport | None = None

    async def ask(self, message: bytes) -> bytes:
        """Sends `message` and returns the reply. Raises ConnectionError if the other end is closed first."""
        if self.closed or self._transport is None:
            raise ConnectionResetError
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(message)
        return await self._answer

    def close(self) -> None:
        """Closes the connection, which tells the worker to exit."""
        self.closed = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        piece = bytes(self._buffer[:nbytes])
        self._pieces.append(piece)
        if not piece.endswith(b"\n"):
            return
        line = b"".join(self._pieces)
        self._pieces.clear()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(line)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.closed = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError())
