"""Serves one client on a TCP port or a WebSocket, and refuses all others: web pages, strangers, second clients.

The first message has to be a complete `initialize`, with the token where one is wanted. Until then nothing that comes
in reaches the protocol, so that neither a look at the port nor a form that a web page posts to it counts as the client.
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

from oe_lsp.server.transport.access import Access, Entrance, is_loopback, reason_to_refuse

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response

    from oe_lsp.server.experience_server import ExperienceServer

log = logging.getLogger(__name__)

MOST_BYTES = 64 * 1024 * 1024
"""Of one message."""

_FIRST_SECONDS = 30.0
"""How long a connection may take to introduce itself."""

_HEADER = re.compile(rb"Content-(?:Length: (\d{1,9})|Type: [^\r\n]*)\r\n")


def serve_tcp(server: ExperienceServer, access: Access) -> None:
    """Serve one client over TCP until its connection ends. Raises OSError where nobody can listen there."""
    asyncio.run(_serve_tcp(server, access))


def serve_ws(server: ExperienceServer, access: Access) -> None:
    """The same over a WebSocket. Raises ImportError without the package websockets."""
    asyncio.run(_serve_ws(server, access))


async def _serve_tcp(server: ExperienceServer, access: Access) -> None:
    entrance, ended = Entrance(access.token), asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, ValueError, asyncio.TimeoutError):
            async with async_timeout.timeout(_FIRST_SECONDS):
                first = await _first_message(reader)
            refusal = NOT_LSP if first is None else _framed(entrance.admit(first))
            if first is not None and not refusal:
                await _talk_tcp(server, first, reader, writer, ended)
            elif refusal:
                writer.write(refusal)
                await writer.drain()
        writer.close()

    listener = await asyncio.start_server(connected, access.host, access.port)
    async with listener:
        _announce(listener.sockets)
        await ended.wait()


async def _talk_tcp(
    server: ExperienceServer,
    first: bytes,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    ended: asyncio.Event,
) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    server.protocol.set_writer(writer)
    try:
        await run_async(threading.Event(), _Replayed(first, reader), server.protocol, log, server.report_server_error)
    finally:
        ended.set()


async def _serve_ws(server: ExperienceServer, access: Access) -> None:
    from websockets.asyncio.server import serve

    entrance, ended = Entrance(access.token), asyncio.Event()
    local = is_loopback(access.host)

    def opened(connection: ServerConnection, request: Request) -> Response | None:
        reason = reason_to_refuse(access, request.headers.get_all, local=local)
        if reason is None:
            return None
        log.warning("refused: %s", reason)
        return connection.respond(HTTPStatus.FORBIDDEN, f"{reason}\n")

    async def connected(connection: ServerConnection) -> None:
        with contextlib.suppress(OSError, EOFError, asyncio.TimeoutError):
            async with async_timeout.timeout(_FIRST_SECONDS):
                first = await connection.recv(decode=False)
            refusal = entrance.admit(first)
            if refusal:
                await connection.send(refusal.decode())
                return
            try:
                web_socket: Any = _ReplayedSocket(first, connection)
                await run_websocket(web_socket, threading.Event(), server.protocol, log, server.report_server_error)
            finally:
                ended.set()

    async with serve(connected, access.host, access.port, process_request=opened, max_size=MOST_BYTES) as listener:
        _announce(tuple(listener.sockets))
        await ended.wait()


NOT_LSP = (
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n"
    b"This port speaks the Language Server Protocol, not HTTP.\n"
)


async def _first_message(reader: asyncio.StreamReader) -> bytes | None:
    """The content of the first message; None where it is none of LSP. Raises EOFError where nothing comes."""
    length: int | None = None
    while (line := await reader.readline()) != b"\r\n":
        header = _HEADER.fullmatch(line)
        if not line:
            raise EOFError
        if header is None:
            log.warning("refused: what came in is not LSP")
            return None
        length = int(header[1]) if header[1] else length
    return None if length is None or length > MOST_BYTES else await reader.readexactly(length)


class _Replayed:
    """A stream that begins with a message which was read from it."""

    def __init__(self, first: bytes, reader: asyncio.StreamReader) -> None:
        self._head = [b"Content-Length: %d\r\n" % len(first), b"\r\n", first]
        self._reader = reader

    async def readline(self) -> bytes:
        return self._head.pop(0) if self._head else await self._reader.readline()

    async def readexactly(self, n: int) -> bytes:
        return self._head.pop(0) if self._head else await self._reader.readexactly(n)


class _ReplayedSocket:
    """The same of a WebSocket; it sends texts, which clients in web pages expect."""

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
