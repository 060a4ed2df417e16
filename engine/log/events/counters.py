"""Counts, sums and errors, as events and summaries hold them, and how all parts of events are written.
Light: lists of runs need nothing else of the events.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

_GREATEST = 10**15

Count = Annotated[int, Meta(ge=0, le=_GREATEST)]
"""No count is more, nor less than nothing: sums of them can be added and shown."""

Amount = Annotated[float, Meta(ge=0, le=_GREATEST)]
"""Milliseconds or dollars: as for counts, and they can be rounded."""


class Whole(Struct, frozen=True, rename="camel"):
    """A part of a log that is written with all its fields."""


class Sparse(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A part of a log whose fields are left out where they are as by default; not those with a `default_factory`,
    unless an empty `dict` is what that makes.
    """


def nothing() -> dict[str, Any]:
    """The `default_factory` of a mapping that is written also where it is empty."""
    return {}


class Sums(Whole, frozen=True):
    """Cost and tokens added up; `cost_usd` is None where some model's price is unknown."""

    cost_usd: Amount | None = 0.0
    tokens_in: Count = 0
    tokens_out: Count = 0


class Counts(Whole, frozen=True):
    """How many nodes (or items) ended in each way."""

    completed: Count = 0
    cached: Count = 0
    failed: Count = 0
    skipped: Count = 0
    cancelled: Count = 0


class FailedItems(Whole, frozen=True):
    """How many items failed that fan-outs tolerate (`on_item_error: continue`), and how many items those had."""

    failed: Count = 0
    total: Count = 0


class Location(Sparse, frozen=True):
    """A place in a file that an error points to; `line` is 1-based."""

    file: str
    line: Count | None = None


class ErrorInfo(Sparse, frozen=True):
    """Why something failed. `message` is written for a person. `retryable`: another attempt may end otherwise."""

    type: str
    message: str
    location: Location | None = None
    retryable: bool = True
