"""Whether code of a folder may run: what the client says of trust, or the person answers (docs/design.md, Trust)."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from engine.visible import visible
from oe_lsp.runs.trust import TrustedFolders
from oe_lsp.server.transport.protocol import RequestFailedError

if TYPE_CHECKING:
    from oe_lsp.server.experience_server import ExperienceServer

log = logging.getLogger(__name__)

_RUN = "Run"
_CANCEL = "Cancel"


class Consent:
    """`trusted` is the client's word on this window, None where it gave none."""

    def __init__(self, server: ExperienceServer, trusted: bool | None, folders: TrustedFolders) -> None:
        self._server = server
        self._trusted = trusted
        self._folders = folders

    async def require(self, folder: Path) -> None:
        """Return if code in `folder` may run. Raises RequestFailedError, saying why it may not."""
        if self._trusted is False:
            raise RequestFailedError(
                "This workspace is not trusted, so nothing in it is run. Trust the workspace first."
            )
        if self._trusted:
            return
        if await asyncio.to_thread(self._folders.contains, folder):
            return
        if not await self._ask(folder):
            raise RequestFailedError(f"Not run: running code in {folder} was not allowed.")
        try:
            await asyncio.to_thread(self._folders.add, folder)
        except OSError as error:
            log.warning("it cannot be remembered that code in %s may run: %s", visible(str(folder)), error)

    async def _ask(self, folder: Path) -> bool:
        question = types.ShowMessageRequestParams(
            type=types.MessageType.Warning,
            message=f"Run code in {visible(str(folder))}? An experience runs the tools that it names. "
            "The answer Run is remembered.",
            actions=[types.MessageActionItem(_RUN), types.MessageActionItem(_CANCEL)],
        )
        try:
            # Shielded: an answer that finds its request cancelled breaks pygls's reader (pygls issue 621).
            answer = await asyncio.shield(self._server.window_show_message_request_async(question))
        except JsonRpcException as error:
            raise RequestFailedError(f"Not run: this editor cannot ask whether code may run ({error}).") from error
        return answer is not None and answer.title == _RUN
