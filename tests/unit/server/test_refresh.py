"""How often the client is asked to refresh what it shows."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from lsprotocol import types

from oe_lsp.server.session.refresh import Refresh
from oe_lsp.server.transport.client import Client

SECONDS = 30


class FakeClient:
    """Keeps the times at which it was asked."""

    def __init__(self) -> None:
        self.asked_at: list[float] = []
        self._asked = asyncio.Event()

    async def request(self, method: str, params: Any = None) -> None:
        assert method == types.WORKSPACE_INLAY_HINT_REFRESH
        self.asked_at.append(asyncio.get_running_loop().time())
        self._asked.set()

    async def until_asked(self) -> None:
        await asyncio.wait_for(self._asked.wait(), SECONDS)
        self._asked.clear()


async def test_the_first_change_is_shown_at_once_and_those_within_250_ms_together() -> None:
    client = FakeClient()
    refresh = Refresh(cast(Client, client), types.WORKSPACE_INLAY_HINT_REFRESH)
    task = asyncio.create_task(refresh.run())
    refresh.request()
    await asyncio.sleep(0)
    assert len(client.asked_at) == 1
    await client.until_asked()

    for _ in range(100):
        refresh.request()
        await asyncio.sleep(0)
    assert len(client.asked_at) == 1
    await client.until_asked()

    first, second = client.asked_at
    assert second - first >= 0.25
    task.cancel()
