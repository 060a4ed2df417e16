"""Builds the server: binds every line of the registry to pygls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcRequestCancelled

from oe_lsp.server.error_boundary import error_boundary, is_no_answer
from oe_lsp.server.experience_server import ExperienceServer
from oe_lsp.server.features.registry import COMMANDS, SESSION_MESSAGES, SNAPSHOT_REQUESTS, Feature

if TYPE_CHECKING:
    from oe_lsp.server.session.documents import Analyse
    from oe_lsp.server.session.session import Session

_Handler = Callable[..., Awaitable[Any]]


def create_server(analyse: Analyse | None = None) -> ExperienceServer:
    """A server that answers everything in the registry. `analyse` replaces the engine's own analysis."""
    logging.getLogger("pygls.protocol.json_rpc").addFilter(is_no_answer)
    server = ExperienceServer(_load_session, analyse)
    server.feature(types.INITIALIZE)(_contained(types.INITIALIZE, _on_initialize))
    server.feature(types.INITIALIZED)(_contained(types.INITIALIZED, _on_initialized))
    server.feature(types.SHUTDOWN)(_contained(types.SHUTDOWN, _on_shutdown))
    for feature, handler in _features():
        if feature.is_wanted is None:
            server.feature(feature.name, feature.options)(handler)
    for command in COMMANDS:
        server.command(command.name)(_contained(command.name, partial(_execute, command)))
    return server


async def _on_initialize(ls: ExperienceServer, params: types.InitializeParams) -> None:
    """Before the capabilities are sent, bind what only some clients want."""
    ls.on_initialize(params)
    for feature, handler in _features():
        if feature.is_wanted is not None and feature.is_wanted(params.capabilities):
            ls.feature(feature.name, feature.options)(handler)


async def _on_initialized(ls: ExperienceServer, _: types.InitializedParams) -> None:
    ls.open_session()


async def _on_shutdown(ls: ExperienceServer, _: None) -> None:
    await ls.close_session()


def _load_session() -> type[Session]:
    """Import the session and all handlers, and the engine with them. For a thread."""
    from oe_lsp.server.session.session import Session

    for feature in (*SNAPSHOT_REQUESTS, *SESSION_MESSAGES, *COMMANDS):
        feature.load()
    return Session


def _features() -> Iterator[tuple[Feature, _Handler]]:
    for features, answer in ((SNAPSHOT_REQUESTS, _ask), (SESSION_MESSAGES, _handle)):
        for feature in features:
            yield feature, _contained(feature.name, partial(answer, feature))


def _contained(name: str, handler: _Handler) -> _Handler:
    async def run(ls: ExperienceServer, *arguments: Any) -> Any:
        with error_boundary(name):
            return await handler(ls, *arguments)

    run.__qualname__ = name
    return run


async def _ask(request: Feature, ls: ExperienceServer, params: Any) -> Any:
    """Answer about the newest snapshot, and encode the answer in the same thread."""
    session = await ls.session()
    handler = request.load()
    document = params.item if hasattr(params, "item") else params.text_document
    return await session.documents.ask(
        document.uri, lambda snapshot: ls.protocol.encode(handler(session, snapshot, params))
    )


async def _handle(message: Feature, ls: ExperienceServer, params: Any) -> Any:
    session = await ls.session()
    result = await message.load()(session, params)
    return None if result is None else await asyncio.to_thread(ls.protocol.encode, result)


async def _execute(command: Feature, ls: ExperienceServer, *arguments: Any) -> Any:
    """Carry out a command. Its error is also shown, unless the client says that it shows the errors of commands."""
    session = await ls.session()
    try:
        with error_boundary(command.name):
            return await ls.run_command(command.load()(session, arguments))
    except JsonRpcRequestCancelled:
        raise
    except JsonRpcException as error:
        if not session.capabilities.options.shows_command_errors:
            session.client.show(types.MessageType.Error, str(error))
        raise
