"""The command `oe.openRunPage`: the page of a run, live, in a browser or in the editor itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from engine.log.storage.run_store import RunStore
from oe_lsp.server.features.command_arguments import read_run
from oe_lsp.server.features.command_targets import find_experience
from oe_lsp.server.session.experience_files import experience_path
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.custom_messages import RunPage
from oe_lsp.server.transport.errors import RequestFailedError


async def open_run_page(session: Session, arguments: Sequence[Any]) -> RunPage:
    """`[uri?, runId | "latest"?]`: serve the page of a run, and open it unless the client embeds it.

    Raises JsonRpcInvalidParams, and RequestFailedError where there is no such run, or nothing can be served.
    """
    given = read_run(arguments)
    uri = find_experience(session, given.uri)
    store = RunStore(experience_path(uri).parent)
    if given.run_id is not None and not await asyncio.to_thread(store.log(given.run_id).is_file):
        raise RequestFailedError(f"Run {given.run_id} was not found in {store.runs}.")
    url = await session.pages.url(uri, given.run_id)
    return await show_page(session, url)


async def show_page(session: Session, url: str) -> RunPage:
    """Open a page, unless the client embeds it."""
    if not session.capabilities.options.embeds_pages:
        await _open(session, url)
    return RunPage(url)


async def _open(session: Session, url: str) -> None:
    """Open the address in a browser; an editor that cannot is told it."""
    if session.capabilities.shows_documents:
        params = types.ShowDocumentParams(url, external=True, take_focus=True)
        try:
            shown = await session.client.request(types.WINDOW_SHOW_DOCUMENT, params)
        except JsonRpcException:
            shown = None
        if shown is not None and shown.success:
            return
    session.client.show(types.MessageType.Info, f"The page of the run: {url}")
