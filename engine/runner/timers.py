"""The clock of a run: tells the scheduler, which has none, that something it asked for is due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from engine.scheduler.tasks import SchedulerEvent


class Timers:
    """Timers that `ring` with an event each, until they are cancelled together. For use on the event loop."""

    def __init__(self, ring: Callable[[SchedulerEvent], None]) -> None:
        self._ring = ring
        self._set: dict[asyncio.TimerHandle, SchedulerEvent] = {}

    def after(self, wait_ms: int, event: SchedulerEvent) -> None:
        """Ring with `event` in so many milliseconds."""

        def due() -> None:
            self._set.pop(timer, None)
            self._ring(event)

        timer = asyncio.get_running_loop().call_later(wait_ms / 1000, due)
        self._set[timer] = event

    def will_ring(self, kind: type[SchedulerEvent]) -> bool:
        """Whether an event of this kind is to come."""
        return any(isinstance(event, kind) for event in self._set.values())

    def cancel(self) -> None:
        """Let none of them ring any more."""
        while self._set:
            self._set.popitem()[0].cancel()
