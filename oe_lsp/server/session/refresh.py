"""Makes the client ask again for what is out of date, such as its code lenses."""

from __future__ import annotations

import asyncio
import contextlib

from pygls.exceptions import JsonRpcException

from oe_lsp.server.transport.client import Client

_INTERVAL_S = 0.25


class Refresh:
    """Sends `method` at once after the first change, and once for all changes in the 250 ms that follow."""

    def __init__(self, client: Client, method: str) -> None:
        self._client = client
        self._method = method
        self._due = asyncio.Event()

    def request(self) -> None:
        """What the client has is out of date."""
        self._due.set()

    async def run(self) -> None:
        """Refresh until cancelled."""
        while True:
            await self._due.wait()
            self._due.clear()
            with contextlib.suppress(JsonRpcException):
                await self._client.request(self._method)
            await asyncio.sleep(_INTERVAL_S)
