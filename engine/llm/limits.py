"""How many LLM requests and tokens a run may use in a minute (docs/format.md, runtime.limits)."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol

from msgspec import Struct

WINDOW_SECONDS = 60.0


class RateLimits(Struct, frozen=True):
    """`runtime.limits`: bounds over all LLM calls of a run; None is no bound."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None

    def __str__(self) -> str:
        bounds = ((self.requests_per_minute, "request"), (self.tokens_per_minute, "token"))
        named = [_counted(bound, what) for bound, what in bounds if bound is not None]
        return f"{' and '.join(named)} a minute" if named else "no limit"


class Clock(Protocol):
    """The time in seconds from any fixed moment, and waiting for it."""

    def now(self) -> float:
        """The time."""

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Wait."""


class SystemClock:
    """The clock of real runs."""

    def now(self) -> float:
        """See Clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """See Clock."""
        await asyncio.sleep(seconds)


class Admission(Struct, eq=False):
    """One call that was let through at `at`, a time of the clock; it counts as `tokens` for a minute."""

    at: float
    tokens: int


class Limiter:
    """Lets calls through, first come first served, so that those of any minute stay within `limits`.

    What a call will use is known only when it has ended. Until then it counts as the most that it can use, but never
    as more than a whole minute's tokens: such a call goes alone.
    """

    def __init__(self, limits: RateLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._admitted: deque[Admission] = deque()
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()

    async def admit(self, most_tokens: int, on_wait: Callable[[], None]) -> Admission:
        """Let a call through that uses `most_tokens` at most. `on_wait` is called, once, if it has to wait."""
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
        """The call has ended and used `tokens`."""
        admission.tokens = tokens
        self._freed.set()

    def _wait(self, tokens: int) -> float:
        """The seconds until a call of so many tokens may begin, as long as none of those before it is settled."""
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
        """Wait so long, or until a call turns out to have used less than it could have."""
        self._freed.clear()
        either = [asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(self._freed.wait())]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in either:
                waiting.cancel()


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
