"""Whether anybody is looking at the pages, so that the server can end when nobody does."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator

from msgspec import Struct


class Patience(Struct, frozen=True):
    """How many seconds the server waits for somebody to look, and after the last one left."""

    before_the_first: float = 300.0
    after_the_last: float = 30.0


PATIENCE = Patience()


class Audience:
    """Counts those who are looking. `clock` tells seconds."""

    def __init__(self, patience: Patience = PATIENCE, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience = patience
        self._clock = clock
        self._looking = 0
        self._changed = asyncio.Event()
        self._until = clock() + patience.before_the_first
        self.has_come = False

    def came_by(self) -> None:
        """Somebody asked for something, and may stay."""
        self.has_come = True
        self._until = self._clock() + self._patience.after_the_last
        self._changed.set()

    @contextlib.contextmanager
    def looking(self) -> Iterator[None]:
        """Somebody is looking until the block ends."""
        self._looking += 1
        self.came_by()
        try:
            yield
        finally:
            self._looking -= 1
            self.came_by()

    def seconds_left(self) -> float | None:
        """How long the server still waits; None while somebody is looking."""
        return None if self._looking else max(0.0, self._until - self._clock())

    async def gone(self) -> None:
        """Return once nobody has been looking for as long as the server waits."""
        while (left := self.seconds_left()) != 0.0:
            self._changed.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left)
