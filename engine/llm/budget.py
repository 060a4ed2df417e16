"""The budget of a lineage: what its calls used, what those in flight may use, what is left (docs/format.md, Budget).

Pure: engine/runner/run_budget.py makes calls wait for it, and ends the run when it is reached.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol, cast

from msgspec import Struct, ValidationError, convert, to_builtins

from engine.json_types import Json
from engine.log.events.counters import BudgetReached

_SLACK_USD = 1e-9
"""Sums of prices are floats: a call that fits exactly must fit."""


class BudgetLimits(Struct, frozen=True, rename="camel", omit_defaults=True):
    """`runtime.budget`: limits over a run and the runs that it resumes; None is no limit.

    US dollars, tokens sent and received, and milliseconds that the runs took.
    """

    max_cost_usd: float | None = None
    max_tokens: int | None = None
    max_duration_ms: int | None = None

    def over(self, other: BudgetLimits) -> BudgetLimits:
        """These limits, and those of `other` where there is none here."""
        return BudgetLimits(
            other.max_cost_usd if self.max_cost_usd is None else self.max_cost_usd,
            other.max_tokens if self.max_tokens is None else self.max_tokens,
            other.max_duration_ms if self.max_duration_ms is None else self.max_duration_ms,
        )


NO_LIMITS = BudgetLimits()


def limits_to_json(limits: BudgetLimits) -> dict[str, Json]:
    """The limits as `run.started.settings` has them; those that are None are left out."""
    return cast("dict[str, Json]", to_builtins(limits))


def limits_from_json(value: Json) -> BudgetLimits:
    """The limits in a log's settings; none if there are none, or they cannot be read."""
    try:
        return convert(value, BudgetLimits)
    except ValidationError:
        return NO_LIMITS


class Usage(Struct, frozen=True):
    """What calls used: tokens sent and received, and US dollars as far as prices are known."""

    tokens: int = 0
    cost_usd: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.tokens + other.tokens, self.cost_usd + other.cost_usd)


class MostUsage(Struct, frozen=True):
    """The most that a call may use. None is unknown: it may use all that is left."""

    tokens: int | None = None
    cost_usd: float | None = None


UNKNOWN = MostUsage()
"""A coding agent's call: the program says what it used only when it ends."""


class Call(Struct):
    """One call within the budget. Whoever makes it sets `used` once that is known."""

    used: Usage = Usage()


class CallBudget(Protocol):
    """What nodes ask before each call of a model or a coding agent."""

    def call(self, most: MostUsage, on_wait: Callable[[str], None]) -> AbstractAsyncContextManager[Call]:
        """The context in which to make a call that uses at most `most`.

        Waits while calls in flight may use up what is left, and calls `on_wait` once with the reason. If the call does
        not fit even after they ended, the run is ended, and the task that waits here is cancelled with it.
        """

    def uncounted(self, what: str) -> None:
        """Warn, once, that the cost of the calls of `what` is unknown, if costs are limited."""


class NoBudget:
    """Lets every call pass: for plans, and nodes outside of a run."""

    @asynccontextmanager
    async def call(self, most: MostUsage, on_wait: Callable[[str], None]) -> AsyncIterator[Call]:  # noqa: ARG002
        """See CallBudget."""
        yield Call()

    def uncounted(self, what: str) -> None:
        """See CallBudget."""


class Account:
    """The account of a lineage. `spent` is what its calls have used so far, those of earlier runs included.

    A call reserves the most that it may use before it begins and settles what it used at its end, so concurrent calls
    cannot exceed a limit together. A call of unknown use reserves all that is left: no other begins beside it, and it
    alone may exceed a limit.
    """

    def __init__(self, limits: BudgetLimits, spent: Usage) -> None:
        self.spent = spent
        self._limits = limits
        self._reserved: list[Usage] = []

    @property
    def in_flight(self) -> bool:
        """Whether any call has reserved and not settled yet."""
        return bool(self._reserved)

    def reserve(self, most: MostUsage) -> Usage | None:
        """Reserve `most` for a call, and return what to settle; None if it does not fit now."""
        if self._exceeded(most) is not None:
            return None
        left = self._left()
        tokens = left.max_tokens if most.tokens is None else most.tokens
        cost = left.max_cost_usd if most.cost_usd is None else most.cost_usd
        reserved = Usage(tokens or 0, cost or 0.0)
        self._reserved.append(reserved)
        return reserved

    def settle(self, reserved: Usage, used: Usage) -> None:
        """End a call: what it used counts instead of what it had reserved."""
        self._reserved.remove(reserved)
        self.spent += used

    def reached(self, most: MostUsage) -> BudgetReached | None:
        """The limit that a call of `most` would exceed now; None if it fits."""
        name = self._exceeded(most)
        if name is None:
            return None
        if name == "maxTokens":
            return BudgetReached(name, self._limits.max_tokens or 0, self.spent.tokens, most.tokens)
        spent, next_call = (round_usd(value) for value in (self.spent.cost_usd, most.cost_usd))
        return BudgetReached(name, self._limits.max_cost_usd or 0.0, spent or 0.0, next_call)

    def _exceeded(self, most: MostUsage) -> str | None:
        left = self._left()
        if not _fits(most.cost_usd, left.max_cost_usd, _SLACK_USD):
            return "maxCostUsd"
        return None if _fits(most.tokens, left.max_tokens, 0) else "maxTokens"

    def _left(self) -> BudgetLimits:
        """What no call has used or reserved yet."""
        taken = sum(self._reserved, self.spent)
        cost, tokens = self._limits.max_cost_usd, self._limits.max_tokens
        return BudgetLimits(
            None if cost is None else cost - taken.cost_usd, None if tokens is None else tokens - taken.tokens
        )


def round_usd(usd: float | None) -> float | None:
    """US dollars without the noise of adding floats."""
    return None if usd is None else round(usd, 9)


def _fits(most: float | None, left: float | None, slack: float) -> bool:
    """Whether a call may begin. One that uses nothing always may; one of unknown use, while anything is left."""
    if left is None or most == 0:
        return True
    return left > slack if most is None else most <= left + slack
