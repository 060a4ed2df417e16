"""Formats the final values of a run: a line or a few for each field that it wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from rich.text import Text

from engine.json_types import Json
from engine.log.humanize import shortened

_MOST_FIELDS = 10
_MOST_LINES = 3
_LONGEST_LINE = 120
_LARGE = 20_000
"""Characters of a text that are looked at: the rest would not be shown."""


def last_value_lines(values: Mapping[str, Json], rest: str) -> Iterator[Text]:
    """Lines for the ten fields that were written last, which hold the results; then `rest`, the command that shows the
    others, if there are any.
    """
    fields = list(values)
    yield from value_lines({name: values[name] for name in fields[-_MOST_FIELDS:]})
    if len(fields) > _MOST_FIELDS:
        yield Text(f"  … and {len(fields) - _MOST_FIELDS} more: {rest}", "dim")


def value_lines(values: Mapping[str, Json]) -> Iterator[Text]:
    """Lines for each field, its value cut."""
    width = max((len(name) for name in values), default=0)
    for name, value in values.items():
        first, *others = _shown(value)
        yield Text.assemble("  = ", (f"{name:<{width}}", "bold"), f"  {first}")
        yield from (Text(" " * (width + 6) + line) for line in others)


def _shown(value: Json) -> list[str]:
    """A value in at most three lines: a text as it is, other values as JSON."""
    if not isinstance(value, str):
        return [shortened(_start_of_json(value), _LONGEST_LINE)]
    lines = value[:_LARGE].strip().splitlines() or ['""']
    cut = [shortened(line, _LONGEST_LINE) for line in lines[:_MOST_LINES]]
    return cut if len(lines) <= _MOST_LINES else [*cut[:-1], f"{shortened(cut[-1], _LONGEST_LINE - 2)} …"]


def _start_of_json(value: Json) -> str:
    """More of the value's JSON than is shown; all of it would take long for a large value."""
    text = ""
    for part in json.JSONEncoder(ensure_ascii=False).iterencode(value):
        text += part
        if len(text) > _LONGEST_LINE:
            break
    return text
