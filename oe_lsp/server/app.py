"""Builds the server: binds every line of the registry to pygls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from oe_lsp.server.error_boundary import error_boundary, is_no_answer
from oe_lsp.server.experience_server import ExperienceServer
from oe_lsp.server.features.registry import COMMANDS, SESSION_MESSAGES, SNAPSHOT_REQUESTS, Feature

if TYPE_CHECKING:
    from oe_lsp.server.session.documents import Analyse
    from oe_lsp.server.session.session import Session

Handler = Callable[..., Awaitable[Any]]
_Call = Callable[[ExperienceServer, "Session", Callable[..., Any], Any], Awaitable[Any]]


def create_server(analyse: Analyse | None = None) -> ExperienceServer:
    """A server that answers everything in the registry. `analyse` replaces the engine's own analysis."""
    logging.getLogger("pygls.protocol.json_rpc").addFilter(is_no_answer)
    server = ExperienceServer(_load_session, analyse)
    server.feature(types.INITIALIZE)(_on_initialize)
    server.feature(types.INITIALIZED)(_on_initialized)
    server.feature(types.SHUTDOWN)(_on_shutdown)
    for feature, handler in _handlers():
        if feature.is_wanted is None:
            server.feature(feature.name, feature.options)(handler)
    for command in COMMANDS:
        server.command(command.name)(_command(command))
    return server


async def _on_initialize(ls: ExperienceServer, params: types.InitializeParams) -> None:
    """Before the capabilities are sent, bind what only some clients want."""
    ls.on_initialize(params)
    for feature, handler in _handlers():
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


def _handlers() -> list[tuple[Feature, Handler]]:
    requests = [(feature, _handler(feature, _ask)) for feature in SNAPSHOT_REQUESTS]
    return requests + [(feature, _handler(feature, _handle)) for feature in SESSION_MESSAGES]


def _handler(feature: Feature, call: _Call) -> Handler:
    async def handle(ls: ExperienceServer, params: Any) -> Any:
        with error_boundary(feature.name):
            return await call(ls, await ls.session(), feature.load(), params)

    handle.__qualname__ = feature.name
    return handle


def _command(command: Feature) -> Handler:
    async def execute(ls: ExperienceServer, *arguments: Any) -> Any:
        with error_boundary(command.name):
            return await ls.run_command(command.load()(await ls.session(), arguments))

    execute.__qualname__ = command.name
    return execute


async def _ask(ls: ExperienceServer, session: Session, handler: Callable[..., Any], params: Any) -> Any:
    """Answer about the newest snapshot, and encode the answer in the same thread."""
    document = params.item if hasattr(params, "item") else params.text_document
    return await session.documents.ask(
        document.uri, lambda snapshot: ls.protocol.encode(handler(session, snapshot, params))
    )


async def _handle(ls: ExperienceServer, session: Session, handler: Callable[..., Any], params: Any) -> Any:
    result = await handler(session, params)
    return None if result is None else await asyncio.to_thread(ls.protocol.encode, result)
