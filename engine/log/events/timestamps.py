"""Parses the timestamps of logs."""

from __future__ import annotations

from datetime import datetime


def moment(ts: str) -> datetime:
    """The time in `ts`. Raises ValueError if it has no zone, or does not exist in every zone."""
    parsed = datetime.fromisoformat(ts.replace("Z", "+00:00"))
    if parsed.tzinfo is None or not datetime.min.year < parsed.year < datetime.max.year:
        raise ValueError(f"not a timestamp: {ts}")
    return parsed
