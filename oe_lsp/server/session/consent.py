"""Permission to run code in a folder: the client's workspace trust, or the user's answer (docs/design.md, Trust)."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from engine.trusted_folders import TrustedFolders
from engine.visible import visible
from oe_lsp.server.transport.client import Client
from oe_lsp.server.transport.errors import RequestFailedError

log = logging.getLogger(__name__)

_RUN = "Run"
_CANCEL = "Cancel"


class Consent:
    """`trusted` is the client's workspace trust, None where it has no such notion."""

    def __init__(self, client: Client, trusted: bool | None, folders: TrustedFolders) -> None:
        self._client = client
        self._trusted = trusted
        self._folders = folders

    async def require(self, folder: Path) -> None:
        """Return if code in `folder` may run. Raises RequestFailedError, with the reason, if not."""
        if self._trusted is False:
            raise RequestFailedError("Not run: this workspace is not trusted. Trust it first.")
        if self._trusted:
            return
        if await asyncio.to_thread(self._folders.contains, folder):
            return
        if not await self._ask(folder):
            raise RequestFailedError(f"Not run: running code in {folder} was not allowed.")
        try:
            await asyncio.to_thread(self._folders.add, folder)
        except OSError as error:
            log.warning("cannot remember that code in %s may run: %s", visible(str(folder)), error)

    async def _ask(self, folder: Path) -> bool:
        question = types.ShowMessageRequestParams(
            type=types.MessageType.Warning,
            message=f"Run code in {visible(str(folder))}? This runs the tools that the experience names. "
            "The answer Run is remembered.",
            actions=[types.MessageActionItem(_RUN), types.MessageActionItem(_CANCEL)],
        )
        try:
            answer = await self._client.request(types.WINDOW_SHOW_MESSAGE_REQUEST, question)
        except JsonRpcException as error:
            raise RequestFailedError(f"Not run: this editor cannot ask for permission ({error}).") from error
        return answer is not None and answer.title == _RUN
