"""Reads rows from a resource of an MCP server, started for it and ended after it (docs/format.md, Datasets).

Imports the MCP library, which takes seconds: import this module in a thread when the first resource is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp import ClientSession, MCPError
from mcp.shared.message import SessionMessage
from mcp.types import jsonrpc_message_adapter

from engine.expressions import Json
from engine.nodes.datasets.mcp_servers import McpServer
from engine.nodes.datasets.values import NoRowError, parse_json
from engine.nodes.datasets.variables import mask
from engine.nodes.kind import NodeError
from engine.nodes.processes.process import Process, may_start_later

_SECONDS_TO_LEAVE = 2.0
"""Seconds that a server has to end by itself once its input is closed."""

_MOST_QUOTED = 1_000

logging.getLogger("mcp").addHandler(logging.NullHandler())  # else its warnings would go to the terminal


async def read_rows(directory: Path, server: McpServer, uri: str) -> list[Json]:
    """The rows of the resource `uri`. Raises NodeError. On cancellation, ends the server before it returns.

    A text that is a JSON list holds the rows, one that is a JSON object is a row; any other content is a row with
    `text` or `blob`, and its `mimeType`.
    """
    connection = _Connection(server)
    try:
        async with connection.opened(directory):
            read = await _read(connection, uri)
    except OSError as error:
        message = f"{server.program} could not be started: {error.strerror}"
        raise NodeError("DatasetMissing", message, retryable=may_start_later(error)) from error
    if isinstance(read, str):
        printed = connection.printed()
        said = f"; last output:\n{printed}" if printed else ""
        message = f"the MCP server `{server.name}` {read}{said}"
        raise NodeError("DatasetMissing", mask(message, server.secrets))
    return [row for content in read for row in _rows(content)]


async def _read(connection: _Connection, uri: str) -> list[dict[str, Any]] | str:
    """The contents of the resource, or an error message: an exception would come out wrapped in a group."""
    async with ClientSession(connection.received, connection.to_send) as session:
        try:
            await session.initialize()
        except (MCPError, RuntimeError, ValueError) as error:
            return f"did not start: {error}; check `command` and `args` in mcp.json"
        try:
            result = await session.read_resource(uri)
        except (MCPError, RuntimeError, ValueError) as error:
            return f"did not return {uri}: {error}; check `source.uri`"
        return [content.model_dump(mode="json", by_alias=True, exclude_none=True) for content in result.contents]


def _rows(content: dict[str, Any]) -> list[Json]:
    about: dict[str, Json] = {"mimeType": content["mimeType"]} if "mimeType" in content else {}
    if "blob" in content:
        return [{"blob": content["blob"], **about}]
    if "text" not in content:
        return [content]
    text = content["text"]
    if text.strip().startswith(("[", "{")):
        try:
            value = parse_json(text.strip())
        except NoRowError:
            return [{"text": text, **about}]
        return value if isinstance(value, list) else [value]
    return [{"text": text, **about}]


class _Connection:
    """A server's stdin and stdout as streams of messages, one JSON value a line."""

    def __init__(self, server: McpServer) -> None:
        self._server = server
        self._line = bytearray()
        self._printed = bytearray()
        self._take_in: MemoryObjectSendStream[SessionMessage | Exception]
        self.received: MemoryObjectReceiveStream[SessionMessage | Exception]
        self._take_in, self.received = anyio.create_memory_object_stream[SessionMessage | Exception](math.inf)
        self.to_send: MemoryObjectSendStream[SessionMessage]
        self._outgoing: MemoryObjectReceiveStream[SessionMessage]
        self.to_send, self._outgoing = anyio.create_memory_object_stream[SessionMessage](math.inf)

    @contextlib.asynccontextmanager
    async def opened(self, directory: Path) -> AsyncIterator[None]:
        """Runs the server in `directory`. Raises OSError if it cannot be started."""
        outlet, inlet = os.pipe()
        with os.fdopen(outlet, "rb") as stdin:
            try:
                process = await Process.start(
                    (self._server.program, *self._server.args),
                    directory,
                    self._server.environment,
                    stdout=self._take,
                    stderr=self._note,
                    stdin=stdin,
                )
            except BaseException:
                os.close(inlet)
                raise
        sending = asyncio.create_task(self._send(inlet))
        waiting = asyncio.create_task(self._wait(process))
        try:
            yield
        finally:
            self.to_send.close()
            await _leave(process, sending, waiting)
            for stream in (self._take_in, self.received, self._outgoing):
                stream.close()

    def printed(self) -> str:
        """The end of what the server printed besides its messages."""
        return self._printed.decode("utf-8", "replace").strip()[-_MOST_QUOTED:]

    async def _send(self, inlet: int) -> None:
        """Writes messages until the sender closes its stream."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(inlet, "wb"))
        with contextlib.closing(transport):
            async for message in self._outgoing:
                transport.write(message.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")

    async def _wait(self, process: Process) -> None:
        """Closes the stream of received messages once the server has ended."""
        try:
            await process.wait()
        finally:
            self._take_in.close()

    def _take(self, data: bytes) -> None:
        self._line += data
        if b"\n" not in data:
            return
        *lines, self._line = self._line.split(b"\n")
        for line in lines:
            try:
                message = jsonrpc_message_adapter.validate_json(bytes(line), by_name=False)
            except ValueError:
                self._note(bytes(line) + b"\n")  # a server may print other lines
                continue
            with contextlib.suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
                self._take_in.send_nowait(SessionMessage(message))

    def _note(self, data: bytes) -> None:
        self._printed += data
        del self._printed[: -4 * _MOST_QUOTED]


async def _leave(process: Process, sending: asyncio.Task[None], waiting: asyncio.Task[None]) -> None:
    """Closes the server's input and lets it end by itself; then ends it and all that it started."""
    try:
        await asyncio.wait([sending, waiting], timeout=_SECONDS_TO_LEAVE)
    finally:
        for task in (sending, waiting):
            task.cancel()
        await process.stop()
        await asyncio.gather(sending, waiting, return_exceptions=True)
