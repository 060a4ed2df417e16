"""Makes the client fetch its code lenses again when they are out of date."""

from __future__ import annotations

import asyncio
import contextlib

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from oe_lsp.server.transport.client import Client

_INTERVAL_S = 0.25


class LensRefresh:
    """Refreshes at once after the first change, and once for all changes in the 250 ms that follow."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._due = asyncio.Event()

    def request(self) -> None:
        """The lenses are out of date."""
        self._due.set()

    async def run(self) -> None:
        """Refresh until cancelled."""
        while True:
            await self._due.wait()
            self._due.clear()
            with contextlib.suppress(JsonRpcException):
                await self._client.request(types.WORKSPACE_CODE_LENS_REFRESH)
            await asyncio.sleep(_INTERVAL_S)
