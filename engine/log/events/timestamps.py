"""Moments as logs write them. Imports next to nothing: lists of runs need it."""

from __future__ import annotations

from datetime import datetime


def moment(ts: str) -> datetime:
    """The moment that `ts` names. Raises ValueError where it names none, or one that not every zone has."""
    named = datetime.fromisoformat(ts.replace("Z", "+00:00"))
    if named.tzinfo is None or not datetime.min.year < named.year < datetime.max.year:
        raise ValueError(f"no moment: {ts}")
    return named
