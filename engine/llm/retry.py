"""Repeats LLM calls that failed, with backoff (docs/format.md, Agents)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_random,
    wait_random_exponential,
)

from engine.llm.protocol import LLMError

MAX_ATTEMPTS = 5
BASE_SECONDS = 1.0
CAP_SECONDS = 30.0

RETRY_AFTER_CAP_SECONDS = 120.0
"""The longest wait for a Retry-After: some providers ask for weeks."""

T = TypeVar("T")


async def with_retries(
    call: Callable[[], Awaitable[T]],
    on_retry: Callable[[int, LLMError, float], None],
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> T:
    """The result of `call`, tried up to MAX_ATTEMPTS times while it raises a retryable LLMError. Raises its last error.

    Before each wait, calls `on_retry` with the number of the failed try (from 1), its error and the wait in seconds.
    """

    async def attempt() -> T:
        return await call()

    def announce(state: RetryCallState) -> None:
        assert state.next_action is not None
        on_retry(state.attempt_number, _error(state), state.next_action.sleep)

    retrying = AsyncRetrying(
        retry=retry_if_exception(lambda error: isinstance(error, LLMError) and error.retryable),
        stop=stop_after_attempt(MAX_ATTEMPTS),
        wait=_wait,
        before_sleep=announce,
        sleep=sleep,
        reraise=True,
    )
    return await retrying(attempt)


def _wait(state: RetryCallState) -> float:
    """Full jitter up to a doubling bound; if the provider asks for a wait, that, up to a cap, plus a random second.

    The second spreads calls that were refused together.
    """
    named = _error(state).retry_after
    return _BACKOFF(state) if named is None else min(named, RETRY_AFTER_CAP_SECONDS) + _SPREAD(state)


def _error(state: RetryCallState) -> LLMError:
    assert state.outcome is not None
    error = state.outcome.exception()
    assert isinstance(error, LLMError)
    return error


_BACKOFF = wait_random_exponential(multiplier=BASE_SECONDS, max=CAP_SECONDS)
_SPREAD = wait_random(0, BASE_SECONDS)
