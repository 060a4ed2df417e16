"""Two texts as one list of lines, each kept, removed or added. Pure."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from enum import Enum

from msgspec import Struct

from engine.json_types import Json

_CONTEXT = 3
_MOST_COMPARED = 4_000
_MOST_LINES = 200
_LONGEST_LINE = 400


class Sign(str, Enum):
    """What happened to a line. GAP stands for lines that are left out."""

    KEPT = " "
    REMOVED = "-"
    ADDED = "+"
    GAP = "…"


class Line(Struct, frozen=True):
    """One line with its sign."""

    sign: Sign
    text: str


def line_diff(before: Json, after: Json) -> list[Line]:
    """The lines that differ, with three lines around them; texts by line, other values as JSON.

    Of long texts the first 200 lines are given; of very long ones only how long they are.
    """
    left, right = lines_of(before), lines_of(after)
    if len(left) + len(right) > _MOST_COMPARED:
        return [Line(Sign.REMOVED, f"{len(left):,} lines"), Line(Sign.ADDED, f"{len(right):,} lines")]
    found = list(_lines(left, right))
    if len(found) <= _MOST_LINES:
        return found
    return [*found[:_MOST_LINES], Line(Sign.GAP, f"{len(found) - _MOST_LINES:,} more lines")]


def lines_of(value: Json) -> list[str]:
    """The lines of a text, or of a value as indented JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    return [line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…" for line in text.splitlines()]


def _lines(left: Sequence[str], right: Sequence[str]) -> Iterator[Line]:
    groups = difflib.SequenceMatcher(None, left, right).get_grouped_opcodes(_CONTEXT)
    for number, group in enumerate(groups):
        if number or group[0][1]:
            yield Line(Sign.GAP, f"line {group[0][3] + 1}")
        for what, start, end, new_start, new_end in group:
            if what == "equal":
                yield from (Line(Sign.KEPT, text) for text in left[start:end])
                continue
            yield from (Line(Sign.REMOVED, text) for text in left[start:end])
            yield from (Line(Sign.ADDED, text) for text in right[new_start:new_end])
