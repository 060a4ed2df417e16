"""Asks the client to fetch its lenses anew when what they say has changed."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from oe_lsp.server.experience_server import ExperienceServer

_AT_MOST_EVERY_SECONDS = 0.25


class LensRefresh:
    """Coalesces what happens: the first change refreshes at once, those right after it together."""

    def __init__(self, server: ExperienceServer) -> None:
        self._server = server
        self._due = asyncio.Event()

    def soon(self) -> None:
        """The lenses are out of date."""
        self._due.set()

    async def run(self) -> None:
        """Refresh until cancelled."""
        while True:
            await self._due.wait()
            self._due.clear()
            with contextlib.suppress(JsonRpcException):
                # Shielded: an answer that finds its request cancelled breaks pygls's reader (pygls issue 621).
                await asyncio.shield(self._server.workspace_code_lens_refresh_async(None))
            await asyncio.sleep(_AT_MOST_EVERY_SECONDS)
