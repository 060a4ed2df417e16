"""The budget of one run: makes calls wait for it, watches the time, and says when a limit is reached."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from engine.llm.budget import Account, BudgetLimits, Call, MostUsage, Usage
from engine.log.events.events import BudgetReached
from engine.log.reading.lineage_usage import LineageUsage

BUDGET = "budget"
"""The reason of runs, and of their nodes, that a budget ended."""

_WAITS = "the budget may be used up by calls in flight"


class RunBudget:
    """The CallBudget of a run. `before` is what the runs that it resumes used. For use on the event loop.

    Calls pass in the order in which they ask. `reached` is the limit that ended the run, if one did.
    """

    def __init__(self, limits: BudgetLimits, before: LineageUsage, now: Callable[[], float] = time.monotonic) -> None:
        self.before = before
        self.reached: BudgetReached | None = None
        self._limits = limits
        self._account = Account(limits, Usage(before.tokens, before.cost_usd))
        self._now = now
        self._began = now()
        self._timer: asyncio.TimerHandle | None = None
        self._turn = asyncio.Lock()
        self._settled = asyncio.Event()
        self._end_run: Callable[[], None] = _nothing
        self._warn: Callable[[str], None] = _no_message
        self._uncounted: set[str] = set()

    def begin(self, end_run: Callable[[], None], warn: Callable[[str], None]) -> None:
        """The run begins: its time counts from now. `end_run` is called once, when a limit is reached."""
        self._end_run, self._warn = end_run, warn
        self._began = self._now()
        left_ms = self._time_left_ms()
        if left_ms is not None and left_ms > 0:  # else it may still restore what needs no time
            self._timer = asyncio.get_running_loop().call_later(left_ms / 1000, self._time_is_up)

    def close(self) -> None:
        """The run has ended."""
        if self._timer is not None:
            self._timer.cancel()

    def has_time(self) -> bool:
        """Whether anything may begin. If not, the run is ended."""
        left_ms = self._time_left_ms()
        if left_ms is None or left_ms > 0:
            return True
        self._time_is_up()
        return False

    @asynccontextmanager
    async def call(self, most: MostUsage, on_wait: Callable[[str], None]) -> AsyncIterator[Call]:
        """See CallBudget."""
        reserved, call = await self._reserve(most, on_wait), Call()
        try:
            yield call
        finally:
            self._account.settle(reserved, call.used)
            self._settled.set()

    def uncounted(self, what: str) -> None:
        """See CallBudget."""
        if self._limits.max_cost_usd is None or what in self._uncounted:
            return
        self._uncounted.add(what)
        unknown = f"the cost of calls to {what} is unknown, so they do not count toward the cost limit"
        self._warn(f"{unknown}; limit tokens or time, too")

    async def _reserve(self, most: MostUsage, on_wait: Callable[[str], None]) -> Usage:
        if self._turn.locked():
            on_wait(_WAITS)
        async with self._turn:
            waits = False
            while (reserved := self._account.reserve(most)) is None:
                if not self._account.in_flight:
                    self._reach(self._account.reached(most))
                    await asyncio.Event().wait()  # until the run's end cancels this task
                if not waits:
                    waits = True
                    on_wait(_WAITS)
                self._settled.clear()
                await self._settled.wait()
            return reserved

    def _time_left_ms(self) -> float | None:
        limit = self._limits.max_duration_ms
        return None if limit is None else limit - self._taken_ms()

    def _taken_ms(self) -> float:
        return self.before.duration_ms + (self._now() - self._began) * 1000

    def _time_is_up(self) -> None:
        taken = max(self._limits.max_duration_ms or 0, round(self._taken_ms()))
        self._reach(BudgetReached("maxDurationMs", self._limits.max_duration_ms or 0, taken))

    def _reach(self, reached: BudgetReached | None) -> None:
        if self.reached is None and reached is not None:
            self.reached = reached
            self._end_run()


def _nothing() -> None:
    pass


def _no_message(_: str) -> None:
    pass
