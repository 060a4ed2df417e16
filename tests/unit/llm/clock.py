"""A clock for tests: it moves only when someone sleeps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from heapq import heappop, heappush


class FakeClock:
    """Time stands still while anyone has something to do; `pass_time` lets it jump to the next one who wakes."""

    def __init__(self) -> None:
        self._now = 1_000.0
        self._sleeping: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = 0

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> Awaitable[None]:
        self._number += 1
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._sleeping, (self._now + seconds, self._number, waking))
        return waking

    async def pass_time(self) -> None:
        await settled()
        while self._sleeping:
            moment, _, waking = heappop(self._sleeping)
            if not waking.done():
                self._now = max(self._now, moment)
                waking.set_result(None)
                return


async def settled() -> None:
    """Let everything that can go on without time go on."""
    for _ in range(20):
        await asyncio.sleep(0)
