"""Counts, sums and errors, as events and summaries hold them. Light: lists of runs need nothing else of the events."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sums:
    """Cost and tokens added up; `cost_usd` is None where some model's price is unknown."""

    cost_usd: float | None = 0.0
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """How many nodes (or items) ended in each way."""

    completed: int = 0
    cached: int = 0
    failed: int = 0
    skipped: int = 0
    cancelled: int = 0


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file that an error points to; `line` is 1-based."""

    file: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """Why something failed. `message` is written for a person."""

    type: str
    message: str
    location: Location | None = None
