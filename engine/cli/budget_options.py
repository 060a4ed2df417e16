"""The options --max-cost, --max-tokens and --max-duration of `oe run` and `oe resume`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click

from engine.cli.time_span import TimeSpan
from engine.llm.budget import BudgetLimits

Function = TypeVar("Function", bound=Callable[..., Any])

_DURATION = TimeSpan({"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}, "s, m or h, such as 30s, 10m or 2h")
"""Its value is in milliseconds."""


class _Dollars(click.FloatRange):
    """An amount of US dollars."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """See click.ParamType."""
        try:
            float(value)
        except ValueError:
            self.fail(f"'{value}' is not a number of US dollars, such as 0.50.", param, ctx)
        return super().convert(value, param, ctx)


def budget_options(function: Function) -> Function:
    """Add the options to a command, which gets them as `budget`."""

    @functools.wraps(function)
    def with_budget(
        *args: Any, max_cost: float | None, max_tokens: int | None, max_duration: int | None, **kwargs: Any
    ) -> Any:
        return function(*args, budget=BudgetLimits(max_cost, max_tokens, max_duration), **kwargs)

    return cast(Function, _max_cost(_max_tokens(_max_duration(with_budget))))


_max_cost = click.option(
    "--max-cost",
    type=_Dollars(min=0, max=10**9),
    metavar="USD",
    help="Stop before a call that could cost more in all, earlier runs included.  [default: runtime.budget]",
)
_max_tokens = click.option(
    "--max-tokens",
    type=click.IntRange(min=1),
    metavar="N",
    help="Stop before a call that could use more tokens in all.  [default: runtime.budget]",
)
_max_duration = click.option(
    "--max-duration",
    type=_DURATION,
    metavar="TIME",
    help="Stop after this time in all, such as 30s, 10m or 2h.  [default: runtime.budget]",
)
