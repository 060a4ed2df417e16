"""Runs the page server: opens its socket, tells its address, and ends when nobody looks."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import secrets
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import uvicorn
from msgspec import Struct
from starlette.routing import Router

from engine.page_server.actions import Actions
from engine.page_server.app import PageApp
from engine.page_server.audience import PATIENCE, Audience, Patience
from engine.page_server.guard import Guard
from engine.page_server.served_runs import ServedRuns

HOST = "127.0.0.1"
_TOKEN_BYTES = 24
_LAST_SECONDS = 2


class PortTakenError(Exception):
    """Another program listens on the port. The message is for the user."""


class Ending(Enum):
    """Why the server ended."""

    NOBODY_CAME = "nobody came"
    ALL_LEFT = "all left"
    INTERRUPTED = "interrupted"
    EDITOR_GONE = "editor gone"


class Served(Struct, frozen=True):
    """What is served: the runs in `folder`, from the one that was `chosen`, else the newest. Port 0 is any free one."""

    folder: Path
    chosen: str | None = None
    may_act: bool = True
    port: int = 0
    patience: Patience = PATIENCE


class PageServer(Struct, frozen=True):
    """A server that is running, at `url`."""

    url: str
    runs: ServedRuns
    audience: Audience


Companion = Callable[[ServedRuns], Coroutine[Any, Any, None]]
"""Runs beside the server: reads what an editor says, until that ends."""


async def serve(served: Served, on_address: Callable[[str], None], companion: Companion | None = None) -> Ending:
    """Serve until nobody looks; with a `companion`, until that ends. SIGINT and SIGTERM end it, too.

    `on_address` gets the URL, with its token. Raises PortTakenError and OSError.
    """
    async with page_server(served) as server:
        with _interrupts() as interrupted:
            on_address(server.url)
            if companion is not None:
                return await _first({Ending.EDITOR_GONE: companion(server.runs), Ending.INTERRUPTED: interrupted()})
            ending = await _first({Ending.ALL_LEFT: server.audience.gone(), Ending.INTERRUPTED: interrupted()})
            return Ending.NOBODY_CAME if ending is Ending.ALL_LEFT and not server.audience.has_come else ending


@contextlib.asynccontextmanager
async def page_server(served: Served) -> AsyncIterator[PageServer]:
    """A server that answers until the block ends. Raises PortTakenError and OSError."""
    ended = asyncio.Event()
    with contextlib.closing(_listen(served.port)) as listener:
        async with application(served, ended) as app:
            server = _Server(_config(app.guard))
            serving = asyncio.create_task(server.serve([listener]), name="page server")
            url = f"http://{HOST}:{listener.getsockname()[1]}/{app.token}/"
            try:
                yield PageServer(url, app.runs, app.audience)
            finally:
                ended.set()
                server.should_exit = True
                await serving


class Application(Struct, frozen=True):
    """An ASGI application, and what it serves to whom."""

    guard: Guard
    token: str
    runs: ServedRuns
    audience: Audience


@contextlib.asynccontextmanager
async def application(served: Served, ended: asyncio.Event) -> AsyncIterator[Application]:
    """An application that follows runs until the block ends. `ended` ends its streams."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    runs = ServedRuns(served.folder, served.chosen, may_act=served.may_act)
    actions, audience = Actions(runs.store), Audience(served.patience)
    routes = PageApp(runs, actions, audience, ended).routes()
    await runs.start()
    try:
        yield Application(Guard(Router(routes, redirect_slashes=False), token), token, runs, audience)
    finally:
        await actions.close()
        await runs.close()


class _Server(uvicorn.Server):
    """Leaves signals to the caller."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: Guard) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # its users are no administrators
    return uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_LAST_SECONDS,
    )


def _listen(port: int) -> socket.socket:
    """A socket on this machine alone. Raises PortTakenError and OSError."""
    listener = socket.socket()
    try:
        listener.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # else a port is taken for a minute after its use
        listener.bind((HOST, port))
        listener.listen()  # whoever is told the address may come before the server has started
    except OSError as error:
        listener.close()
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise PortTakenError(f"port {port} is taken or not allowed. Choose another, or leave out --port.") from error
    except BaseException:
        listener.close()
        raise
    return listener


@contextlib.contextmanager
def _interrupts() -> Iterator[Callable[[], Coroutine[Any, Any, None]]]:
    """Meanwhile SIGINT and SIGTERM do nothing but end the coroutine that is yielded."""
    came, loop = asyncio.Event(), asyncio.get_running_loop()

    async def interrupted() -> None:
        await came.wait()

    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.signal(each, lambda *_: loop.call_soon_threadsafe(came.set)) for each in signals}
    try:
        yield interrupted
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


async def _first(works: Mapping[Ending, Coroutine[Any, Any, None]]) -> Ending:
    """The ending whose work ends first; the others are cancelled. Raises what that work raised."""
    tasks = {asyncio.ensure_future(work): ending for ending, work in works.items()}
    done, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for each in others:
        each.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    first = next(iter(done))
    first.result()
    return tasks[first]
