"""Renders changes of values: inline if they are short, else as the lines that differ. Pure."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator

from engine.cache.plan.explanation import Change
from engine.expressions import MISSING, Missing
from engine.json_types import Json

_SHORT = 60
_MOST_LINES = 12
_LONGEST_LINE = 160
_MOST_COMPARED = 4_000
_MOST_JSON = 2_000


def change_lines(change: Change) -> list[str]:
    """The change as text: `args.factor: 2 → 3`, or the part and below it the lines that differ."""
    before, after = change.before, change.after
    if before is MISSING and after is MISSING:
        return []
    if before is MISSING:
        return [f"{change.part}: is now {_short(after)}"]
    if after is MISSING:
        return [f"{change.part}: was {_short(before)}"]
    if before == after:
        return []  # the difference is not visible in the values
    if _is_short(before) and _is_short(after):
        return [f"{change.part}: {_line(before)} → {_line(after)}"]
    return [f"{change.part}:", *(f"  {line}" for line in difference(before, after))]


def difference(before: Json, after: Json) -> list[str]:
    """The lines that differ, at most a dozen: `-` before removed and `+` before added ones."""
    left, right = _lines(before), _lines(after)
    if len(left) + len(right) > _MOST_COMPARED:
        return [f"{len(left)} lines before, {len(right)} now"]
    lines = list(_changed_lines(left, right))
    shown = [line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…" for line in lines[:_MOST_LINES]]
    return shown if len(lines) <= _MOST_LINES else [*shown, f"… and {len(lines) - _MOST_LINES} more lines"]


def change_to_json(change: Change) -> dict[str, Json]:
    """The change as JSON: `before` and `after` if they are short, else the `diff`."""
    before, after = change.before, change.after
    if before is MISSING or after is MISSING:
        sides = {"before": before, "after": after}
        return {"part": change.part, **{name: _bounded(value) for name, value in sides.items() if value is not MISSING}}
    if len(_line([before, after])) <= _MOST_JSON:
        return {"part": change.part, "before": before, "after": after}
    return {"part": change.part, "diff": list(difference(before, after))}


def _changed_lines(left: list[str], right: list[str]) -> Iterator[str]:
    for line in difflib.unified_diff(left, right, lineterm="", n=0):
        if not line.startswith(("---", "+++", "@@")):
            yield f"{line[0]} {line[1:]}".rstrip()


def _lines(value: Json) -> list[str]:
    return (
        value.splitlines() if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1).splitlines()
    )


def _line(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _is_short(value: Json) -> bool:
    return len(_line(value)) <= _SHORT


def _short(value: Json | Missing) -> str:
    text = "" if value is MISSING else _line(value)
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"


def _bounded(value: Json | Missing) -> Json:
    text = "" if value is MISSING else _line(value)
    return text if value is MISSING else value if len(text) <= _MOST_JSON else f"{text[:_MOST_JSON]}…"
