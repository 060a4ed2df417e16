"""The accounting of a budget: what calls may use together, and which limit one would exceed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.llm.budget import (
    NO_LIMITS,
    UNKNOWN,
    Account,
    BudgetLimits,
    MostUsage,
    Usage,
    limits_from_json,
    limits_to_json,
)
from engine.log.events.events import BudgetReached

AMOUNTS = st.integers(1, 40)


@settings(max_examples=60)
@given(
    limit=st.integers(1, 100),
    before=st.integers(0, 30),
    calls=st.lists(st.tuples(AMOUNTS, st.floats(0, 1), st.booleans()), max_size=12),
)
def test_calls_that_use_at_most_what_they_reserved_never_exceed_a_limit(
    limit: int, before: int, calls: list[tuple[int, float, bool]]
) -> None:
    """Each call may use up to `most`; some settle at once, the others stay in flight until the end."""
    account = Account(BudgetLimits(max_cost_usd=limit / 100, max_tokens=limit), Usage(before, before / 100))
    in_flight: list[tuple[Usage, int]] = []
    for most, share, settles in calls:
        reserved = account.reserve(MostUsage(most, most / 100))
        if reserved is None:
            continue
        in_flight.append((reserved, math.floor(most * share)))
        if settles:
            first, used = in_flight.pop(0)
            account.settle(first, Usage(used, used / 100))
    while in_flight:
        first, used = in_flight.pop()
        account.settle(first, Usage(used, used / 100))

    assert account.spent.tokens <= max(limit, before)
    assert account.spent.cost_usd <= max(limit, before) / 100 + 1e-6
    assert not account.in_flight


@settings(max_examples=40)
@given(limit=st.integers(1, 100), most=AMOUNTS, used=st.lists(AMOUNTS, max_size=5))
def test_a_call_fits_exactly_while_its_most_is_left(limit: int, most: int, used: list[int]) -> None:
    """However prices add up: ten calls of a cent fit into ten cents."""
    account = Account(BudgetLimits(max_cost_usd=limit / 100), Usage())
    for cents in used:
        account.settle(account.reserve(MostUsage(0, 0.0)) or Usage(), Usage(cost_usd=cents / 100))

    fits = account.reserve(MostUsage(0, most / 100)) is not None

    assert fits == (sum(used) + most <= limit)


def test_a_call_of_unknown_use_goes_alone_and_takes_what_it_takes() -> None:
    account = Account(BudgetLimits(max_cost_usd=1.0), Usage(cost_usd=0.25))

    alone = account.reserve(UNKNOWN)
    assert alone is not None
    assert account.reserve(UNKNOWN) is None
    assert account.reserve(MostUsage(10, 0.01)) is None

    account.settle(alone, Usage(900, 1.5))
    assert account.reached(UNKNOWN) == BudgetReached("maxCostUsd", 1.0, 1.75)


def test_a_call_without_a_known_price_counts_tokens_only() -> None:
    account = Account(BudgetLimits(max_cost_usd=1.0, max_tokens=100), Usage(20, 2.0))

    assert account.reserve(MostUsage(60, 0.0)) is not None
    assert account.reached(MostUsage(60, 0.0)) == BudgetReached("maxTokens", 100, 20, 60)


def test_without_limits_everything_fits() -> None:
    account = Account(NO_LIMITS, Usage(10**9, 1e6))

    assert account.reserve(UNKNOWN) is not None
    assert account.reserve(MostUsage(10**9, 1e6)) is not None


def test_limits_are_taken_one_by_one() -> None:
    asked, own = BudgetLimits(max_cost_usd=2.0), BudgetLimits(max_cost_usd=1.0, max_tokens=5)

    assert asked.over(own) == BudgetLimits(max_cost_usd=2.0, max_tokens=5)


@pytest.mark.parametrize("written", [None, [], {"maxTokens": "many"}])
def test_limits_that_a_log_does_not_have_are_none(written: object) -> None:
    assert limits_from_json(written) == NO_LIMITS  # type: ignore[arg-type]


def test_limits_are_read_as_they_are_written() -> None:
    limits = BudgetLimits(0.5, None, 600_000)

    assert limits_to_json(limits) == {"maxCostUsd": 0.5, "maxDurationMs": 600_000}
    assert limits_from_json(limits_to_json(limits)) == limits
