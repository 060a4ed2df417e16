"""Serves one client on a TCP port or a WebSocket.

A connection counts as the client once its first message is a complete `initialize`, with the token if there is one.
Nothing reaches the protocol before: neither a port scan nor a form that a web page posts to the port.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import socket
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import async_timeout
from pygls.io_ import run_async, run_websocket

from oe_lsp.server.transport.access import Access, Gate, is_loopback, refusal

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer
    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response

log = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 64 * 1024 * 1024

_FIRST_MESSAGE_S = 30.0
"""How long a connection may take to send its first message."""

_HEADER = re.compile(rb"Content-(?:Length: (\d{1,9})|Type: [^\r\n]*)\r\n")


def serve_tcp(server: LanguageServer, access: Access) -> None:
    """Serve one client over TCP until its connection ends. Raises OSError where the port cannot be opened."""
    asyncio.run(_serve_tcp(server, access))


def serve_ws(server: LanguageServer, access: Access) -> None:
    """The same over a WebSocket. Raises ImportError without the package websockets."""
    asyncio.run(_serve_ws(server, access))


async def _serve_tcp(server: LanguageServer, access: Access) -> None:
    gate, ended = Gate(access.token), asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, ValueError, asyncio.TimeoutError):
            async with async_timeout.timeout(_FIRST_MESSAGE_S):
                first = await _first_message(reader)
            error = NOT_LSP if first is None else _framed(gate.admit(first))
            if first is not None and not error:
                await _serve_connection(server, first, reader, writer, ended)
            elif error:
                writer.write(error)
                await writer.drain()
        writer.close()

    listener = await asyncio.start_server(connected, access.host, access.port)
    async with listener:
        _announce(listener.sockets)
        await ended.wait()


async def _serve_connection(
    server: LanguageServer,
    first: bytes,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    ended: asyncio.Event,
) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    server.protocol.set_writer(writer)
    try:
        await run_async(
            threading.Event(), _ReplayedReader(first, reader), server.protocol, log, server.report_server_error
        )
    finally:
        ended.set()


async def _serve_ws(server: LanguageServer, access: Access) -> None:
    from websockets.asyncio.server import serve

    gate, ended = Gate(access.token), asyncio.Event()
    local = is_loopback(access.host)

    def opened(connection: ServerConnection, request: Request) -> Response | None:
        reason = refusal(access, request.headers.get_all, local=local)
        if reason is None:
            return None
        log.warning("refused: %s", reason)
        return connection.respond(HTTPStatus.FORBIDDEN, f"{reason}\n")

    async def connected(connection: ServerConnection) -> None:
        with contextlib.suppress(OSError, EOFError, asyncio.TimeoutError):
            async with async_timeout.timeout(_FIRST_MESSAGE_S):
                first = await connection.recv(decode=False)
            error = gate.admit(first)
            if error:
                await connection.send(error.decode())
                return
            try:
                web_socket: Any = _ReplayedSocket(first, connection)
                await run_websocket(web_socket, threading.Event(), server.protocol, log, server.report_server_error)
            finally:
                ended.set()

    async with serve(
        connected, access.host, access.port, process_request=opened, max_size=MAX_MESSAGE_BYTES
    ) as listener:
        _announce(tuple(listener.sockets))
        await ended.wait()


NOT_LSP = (
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n"
    b"This port speaks the Language Server Protocol, not HTTP.\n"
)


async def _first_message(reader: asyncio.StreamReader) -> bytes | None:
    """The content of the first message; None where it is not LSP. Raises EOFError where the connection ends."""
    length: int | None = None
    while (line := await reader.readline()) != b"\r\n":
        header = _HEADER.fullmatch(line)
        if not line:
            raise EOFError
        if header is None:
            log.warning("refused: the first message is not LSP")
            return None
        length = int(header[1]) if header[1] else length
    return None if length is None or length > MAX_MESSAGE_BYTES else await reader.readexactly(length)


class _ReplayedReader:
    """A stream that starts with a message that was already read from it."""

    def __init__(self, first: bytes, reader: asyncio.StreamReader) -> None:
        self._head = [b"Content-Length: %d\r\n" % len(first), b"\r\n", first]
        self._reader = reader

    async def readline(self) -> bytes:
        return self._head.pop(0) if self._head else await self._reader.readline()

    async def readexactly(self, n: int) -> bytes:
        return self._head.pop(0) if self._head else await self._reader.readexactly(n)


class _ReplayedSocket:
    """The same for a WebSocket. Sends text frames, which clients in web pages expect."""

    def __init__(self, first: bytes, connection: ServerConnection) -> None:
        self._head = [first]
        self._connection = connection

    async def recv(self, *, decode: bool) -> bytes:
        return self._head.pop() if self._head else await self._connection.recv(decode=decode)  # type: ignore[return-value]

    async def send(self, data: bytes) -> None:
        await self._connection.send(data.decode())

    async def close(self) -> None:
        await self._connection.close()


def _framed(content: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%s" % (len(content), content) if content else b""


def _announce(sockets: Any) -> None:
    for each in sockets:
        host, port = each.getsockname()[:2]
        log.info("listening on %s:%s", host, port)
