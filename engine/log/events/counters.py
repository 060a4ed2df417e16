"""Counts, totals and errors in events and summaries, and the base classes of all parts of events."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

_GREATEST = 10**15

Count = Annotated[int, Meta(ge=0, le=_GREATEST)]
"""Bounded, so that totals can be added and shown."""

Amount = Annotated[float, Meta(ge=0, le=_GREATEST)]
"""Milliseconds or dollars, bounded like counts."""


class Whole(Struct, frozen=True, rename="camel"):
    """A part of an event of which all fields are written."""


class Sparse(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A part of an event whose default values are not written. Fields with a `default_factory` other than `dict`
    are always written.
    """


def empty() -> dict[str, Any]:
    """The `default_factory` of a mapping that is written even if empty."""
    return {}


class Sums(Whole, frozen=True):
    """Total cost and tokens; `cost_usd` is None if the price of a model is unknown."""

    cost_usd: Amount | None = 0.0
    tokens_in: Count = 0
    tokens_out: Count = 0


class Counts(Whole, frozen=True):
    """The number of nodes (or items) by outcome."""

    completed: Count = 0
    cached: Count = 0
    failed: Count = 0
    skipped: Count = 0
    cancelled: Count = 0


class FailedItems(Whole, frozen=True):
    """The failed items of fan-outs that tolerate them (`on_item_error: continue`), and all items of those."""

    failed: Count = 0
    total: Count = 0


class BudgetReached(Sparse, frozen=True):
    """The limit that ended a run: `maxCostUsd`, `maxTokens` or `maxDurationMs`, the name of its option in the protocol.

    `allowed` is the limit, `spent` what the run and those that it resumes had used. `next_call` is the most that the
    call could use that did not fit; None if that is unknown.
    """

    limit: str
    allowed: Amount
    spent: Amount
    next_call: Amount | None = None


class Location(Sparse, frozen=True):
    """A place in a file that an error points to; `line` is 1-based."""

    file: str
    line: Count | None = None


class ErrorInfo(Sparse, frozen=True):
    """Why something failed. `message` is for the user. `retryable`: another attempt may succeed."""

    type: str
    message: str
    location: Location | None = None
    retryable: bool = True
