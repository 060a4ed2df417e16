"""Limits the LLM requests and tokens of a run per minute (docs/format.md, runtime.limits)."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol

from msgspec import Struct

WINDOW_SECONDS = 60.0


class RateLimits(Struct, frozen=True):
    """`runtime.limits`: limits over all LLM calls of a run; None is no limit."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None

    def __str__(self) -> str:
        bounds = ((self.requests_per_minute, "request"), (self.tokens_per_minute, "token"))
        named = [_counted(bound, what) for bound, what in bounds if bound is not None]
        return f"{' and '.join(named)} a minute" if named else "no limit"


class Clock(Protocol):
    """A monotonic clock, in seconds."""

    def now(self) -> float:
        """The current time."""

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Wait for so many seconds."""


class SystemClock:
    """The clock of real runs."""

    def now(self) -> float:
        """See Clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """See Clock."""
        await asyncio.sleep(seconds)


class Admission(Struct, eq=False):
    """A call admitted at `at`, a time of the clock; it counts as `tokens` for a minute."""

    at: float
    tokens: int


class Limiter:
    """Admits calls in their order, so that those of any minute stay within `limits`.

    The tokens of a call are known only at its end. Until then it counts as the most that it can use, but at most as the
    tokens of a whole minute: such a call goes alone.
    """

    def __init__(self, limits: RateLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._admitted: deque[Admission] = deque()
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()

    async def admit(self, most_tokens: int, on_wait: Callable[[], None]) -> Admission:
        """Admit a call that uses `most_tokens` at most. Calls `on_wait` once if it has to wait."""
        bound = self._limits.tokens_per_minute
        reserved = most_tokens if bound is None else min(most_tokens, bound)
        if self._turn.locked() or self._wait(reserved) > 0:
            on_wait()
        async with self._turn:
            while (seconds := self._wait(reserved)) > 0:
                await self._sleep_or_freed(seconds)
            admission = Admission(self._clock.now(), reserved)
            self._admitted.append(admission)
            return admission

    def settle(self, admission: Admission, tokens: int) -> None:
        """Count the tokens that a call used, once it has ended."""
        admission.tokens = tokens
        self._freed.set()

    def _wait(self, tokens: int) -> float:
        """The seconds until a call of so many tokens may begin, if no earlier one is settled before."""
        now = self._clock.now()
        while self._admitted and self._admitted[0].at + WINDOW_SECONDS <= now:
            self._admitted.popleft()
        count, used = len(self._admitted), sum(admission.tokens for admission in self._admitted)
        begins = now
        for oldest in self._admitted:
            if self._fits(count, used + tokens):
                break
            count, used = count - 1, used - oldest.tokens
            begins = oldest.at + WINDOW_SECONDS
        return begins - now

    def _fits(self, calls_before: int, tokens: int) -> bool:
        requests, bound = self._limits.requests_per_minute, self._limits.tokens_per_minute
        return (requests is None or calls_before < requests) and (bound is None or tokens <= bound)

    async def _sleep_or_freed(self, seconds: float) -> None:
        """Wait for so long, or until a call is settled."""
        self._freed.clear()
        either = [asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(self._freed.wait())]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in either:
                waiting.cancel()


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
