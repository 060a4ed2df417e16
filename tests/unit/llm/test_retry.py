"""When a call is repeated, and after how long. Nothing here waits."""

from __future__ import annotations

import pytest

from engine.llm.protocol import BadRequestError, LLMError, OverloadedError, RateLimitedError, SpendLimitError
from engine.llm.retry import CAP_SECONDS, MAX_ATTEMPTS, RETRY_AFTER_CAP_SECONDS, with_retries


class Calls:
    """Raises the given errors, one a call, then answers; remembers what happened in between."""

    def __init__(self, *errors: LLMError) -> None:
        self.errors = list(errors)
        self.made = 0
        self.slept: list[float] = []
        self.announced: list[tuple[int, LLMError, float]] = []

    async def call(self) -> str:
        self.made += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def run(self) -> str:
        return await with_retries(self.call, lambda *announced: self.announced.append(announced), sleep=self.sleep)


async def test_a_transient_error_is_retried_and_each_attempt_announced() -> None:
    first, second = OverloadedError("busy"), RateLimitedError("slow down")
    calls = Calls(first, second)

    assert await calls.run() == "answer"

    assert [(number, error) for number, error, _ in calls.announced] == [(1, first), (2, second)]
    assert [seconds for *_, seconds in calls.announced] == calls.slept


async def test_after_the_last_try_its_error_is_raised() -> None:
    errors = [OverloadedError(str(number)) for number in range(MAX_ATTEMPTS + 1)]
    calls = Calls(*errors)

    with pytest.raises(OverloadedError) as raised:
        await calls.run()

    assert raised.value is errors[MAX_ATTEMPTS - 1]
    assert (calls.made, len(calls.announced)) == (MAX_ATTEMPTS, MAX_ATTEMPTS - 1)


@pytest.mark.parametrize("error", [BadRequestError("wrong"), SpendLimitError("used up", 3.0)])
async def test_a_permanent_error_is_not_retried(error: LLMError) -> None:
    calls = Calls(error)

    with pytest.raises(type(error)):
        await calls.run()

    assert (calls.made, calls.announced) == (1, [])


async def test_the_wait_is_random_up_to_a_doubling_bound() -> None:
    waits = []
    for _ in range(200):
        calls = Calls(*(OverloadedError("busy") for _ in range(MAX_ATTEMPTS - 1)))
        await calls.run()
        waits.append(calls.slept)

    for number, tried in enumerate(zip(*waits, strict=True)):
        bound = min(CAP_SECONDS, 2.0**number)
        assert all(0 <= wait <= bound for wait in tried)
        assert max(tried) - min(tried) > bound / 2


async def test_the_providers_retry_after_is_honoured_with_a_little_added() -> None:
    calls = Calls(RateLimitedError("slow down", retry_after=12.0))

    await calls.run()

    assert 12.0 <= calls.slept[0] <= 13.0


async def test_a_very_long_retry_after_is_capped() -> None:
    calls = Calls(RateLimitedError("slow down", retry_after=4_290_000.0))

    await calls.run()

    assert RETRY_AFTER_CAP_SECONDS <= calls.slept[0] <= RETRY_AFTER_CAP_SECONDS + 1
