"""The rate limits of a run, with a clock that moves only when someone sleeps."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.llm.limits import WINDOW_SECONDS, Admission, Limiter, RateLimits
from tests.unit.llm.clock import FakeClock, settled


class Traffic:
    """Calls that pass one limiter; `began` holds each one's number and admission, in the order of their beginning."""

    def __init__(self, limits: RateLimits) -> None:
        self.clock = FakeClock()
        self.limiter = Limiter(limits, self.clock)
        self.began: list[tuple[int, Admission]] = []
        self.waited: list[int] = []

    async def call(self, number: int, tokens: int, used: int | None = None) -> None:
        admission = await self.limiter.admit(tokens, lambda: self.waited.append(number))
        self.began.append((number, admission))
        if used is not None:
            self.limiter.settle(admission, used)

    async def all(self, *calls: asyncio.Task[None]) -> None:
        while not all(call.done() for call in calls):
            await self.clock.pass_time()
            await settled()
        await asyncio.gather(*calls)

    def start(self, number: int, tokens: int = 0, used: int | None = None) -> asyncio.Task[None]:
        return asyncio.create_task(self.call(number, tokens, used))

    def seconds(self) -> list[float]:
        return [admission.at - 1_000.0 for _, admission in self.began]


async def test_without_limits_nothing_waits() -> None:
    traffic = Traffic(RateLimits())

    await traffic.all(*(traffic.start(number, 1_000_000) for number in range(20)))

    assert (traffic.waited, set(traffic.seconds())) == ([], {0.0})


async def test_a_minute_holds_so_many_requests_and_the_next_ones_wait_for_it_to_pass() -> None:
    traffic = Traffic(RateLimits(requests_per_minute=2))

    await traffic.all(*(traffic.start(number) for number in range(5)))

    assert traffic.seconds() == [0, 0, 60, 60, 120]
    assert traffic.waited == [2, 3, 4]


async def test_a_minute_holds_so_many_tokens() -> None:
    traffic = Traffic(RateLimits(tokens_per_minute=100))

    await traffic.all(*(traffic.start(number, 60) for number in range(3)))

    assert traffic.seconds() == [0, 60, 120]


async def test_unused_tokens_of_a_call_are_free_at_once_for_a_waiting_call() -> None:
    traffic = Traffic(RateLimits(tokens_per_minute=100))
    await traffic.call(0, 60)
    waiting = traffic.start(1, 60)
    await settled()
    assert traffic.waited == [1]

    traffic.limiter.settle(traffic.began[0][1], 10)
    await settled()

    assert waiting.done()
    assert traffic.seconds() == [0, 0]


async def test_usage_beyond_the_estimate_counts_too() -> None:
    traffic = Traffic(RateLimits(tokens_per_minute=100))
    await traffic.call(0, 10, used=95)

    await traffic.all(traffic.start(1, 10))

    assert traffic.seconds() == [0, 60]


async def test_a_call_larger_than_a_whole_minute_goes_alone() -> None:
    traffic = Traffic(RateLimits(tokens_per_minute=100))
    await traffic.call(0, 10)

    await traffic.all(traffic.start(1, 5_000), traffic.start(2, 1))

    assert traffic.seconds() == [0, 60, 120]


async def test_a_small_call_does_not_overtake_a_large_one() -> None:
    traffic = Traffic(RateLimits(tokens_per_minute=100))
    await traffic.call(0, 50)

    await traffic.all(traffic.start(1, 80), traffic.start(2, 1))

    assert [number for number, _ in traffic.began] == [0, 1, 2]


async def test_a_cancelled_call_lets_the_next_one_proceed() -> None:
    traffic = Traffic(RateLimits(tokens_per_minute=100))
    await traffic.call(0, 50)
    large, small = traffic.start(1, 80), traffic.start(2, 1)
    await settled()

    large.cancel()
    await settled()

    assert small.done()
    assert [number for number, _ in traffic.began] == [0, 2]


@given(
    st.integers(1, 4),
    st.integers(1, 100),
    st.lists(st.tuples(st.integers(0, 100), st.none() | st.integers(0, 100)), max_size=12),
)
def test_no_minute_holds_more_than_the_limits_and_everyone_gets_through(
    requests: int, tokens: int, calls: list[tuple[int, int | None]]
) -> None:
    traffic = Traffic(RateLimits(requests, tokens))

    async def run() -> None:
        tasks = [
            traffic.start(number, most, None if used is None else min(used, most, tokens))
            for number, (most, used) in enumerate(calls)
        ]
        await traffic.all(*tasks)

    asyncio.run(run())

    assert [number for number, _ in traffic.began] == list(range(len(calls)))
    for _, first in traffic.began:
        minute = [admission for _, admission in traffic.began if first.at <= admission.at < first.at + WINDOW_SECONDS]
        assert len(minute) <= requests
        assert sum(admission.tokens for admission in minute) <= tokens


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (RateLimits(50), "50 requests a minute"),
        (RateLimits(50, 100_000), "50 requests and 100,000 tokens a minute"),
        (RateLimits(), "no limit"),
    ],
)
def test_limits_describe_themselves(limits: RateLimits, words: str) -> None:
    assert str(limits) == words
