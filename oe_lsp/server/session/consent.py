"""Permission to run code in a folder: the client's workspace trust, or the user's answer (docs/design.md, Trust)."""

from __future__ import annotations

import asyncio
import logging
import shlex
from functools import partial
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from engine.trusted_folders import TrustedFolders
from engine.visible import visible
from oe_lsp.server.session.preconditions import Ask, Start
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

    async def check(self, start: Start) -> Ask | None:
        """See Precondition: code beside the experience may run."""
        if self._trusted is False:
            raise RequestFailedError("Not run: this workspace is not trusted. Trust it first.")
        folder = start.path.parent
        return None if await self.is_given(folder) else partial(self._ask, start)

    async def is_given(self, folder: Path) -> bool:
        """True if code in `folder` may run, without a question."""
        if self._trusted is not None:
            return self._trusted
        return await asyncio.to_thread(self._folders.contains, folder)

    async def _ask(self, start: Start) -> Start | None:
        """Remembers the answer Run."""
        folder = start.path.parent
        question = types.ShowMessageRequestParams(
            type=types.MessageType.Warning,
            message=f"Run code in {visible(str(folder))}? This runs the tools that the experience names. "
            "The answer Run is remembered.",
            actions=[types.MessageActionItem(_RUN), types.MessageActionItem(_CANCEL)],
        )
        try:
            answer = await self._client.request(types.WINDOW_SHOW_MESSAGE_REQUEST, question)
        except JsonRpcException as error:
            raise RequestFailedError(f"Not run: this editor cannot ask for permission. {_remedy(folder)}") from error
        if answer is None:  # closed, or never shown
            raise RequestFailedError(f"Not run: nobody allowed code in {folder} to run. {_remedy(folder)}")
        if answer.title != _RUN:
            return None
        await self._remember(folder)
        return start

    async def _remember(self, folder: Path) -> None:
        try:
            await asyncio.to_thread(self._folders.add, folder)
        except OSError as error:
            log.warning("cannot remember that code in %s may run: %s", visible(str(folder)), error)


def _remedy(folder: Path) -> str:
    return f"Allow it in a shell with: oe trust {shlex.quote(str(folder))}"
