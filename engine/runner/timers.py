"""The timers of a run; the scheduler has no clock of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from engine.scheduler.tasks import SchedulerEvent


class Timers:
    """Calls `ring` with each event when it is due, until all are cancelled. For use on the event loop."""

    def __init__(self, ring: Callable[[SchedulerEvent], None]) -> None:
        self._ring = ring
        self._set: dict[asyncio.TimerHandle, SchedulerEvent] = {}

    def after(self, wait_ms: int, event: SchedulerEvent) -> None:
        """Ring with `event` in `wait_ms`."""

        def due() -> None:
            self._set.pop(timer, None)
            self._ring(event)

        timer = asyncio.get_running_loop().call_later(wait_ms / 1000, due)
        self._set[timer] = event

    def will_ring(self, kind: type[SchedulerEvent]) -> bool:
        """Whether an event of this kind is still to come."""
        return any(isinstance(event, kind) for event in self._set.values())

    def cancel(self) -> None:
        """Cancel all timers."""
        while self._set:
            self._set.popitem()[0].cancel()
