"""Turns "1h 30m" into seconds."""

import re

_UNITS = {"h": 3600, "m": 60, "s": 1}
_PART = re.compile(r"(\d+)([hms])")


def seconds(text: str) -> int:
    parts = text.split()
    if not parts or not all(_PART.fullmatch(part) for part in parts):
        raise ValueError(f"{text!r} is no duration; write it like '1h 30m'")
    return sum(int(part[:-1]) * _UNITS[part[-1]] for part in parts)
