"""Readers of untrusted values in responses: each takes anything and raises nothing. Pure."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from engine.expressions import Json

_MOST_TOKENS = 10**12
_FENCED = re.compile(r"```(?:json)?[ \t]*\n([^`]*)\n?```", re.IGNORECASE)
_THOUGHTS = re.compile(r"\s*<think>.*?</think>\s*", re.DOTALL)


def as_object(value: Any) -> dict[str, Any]:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """`value` if it is a list; a single value as a list of one, null as an empty one."""
    return value if isinstance(value, list) else [] if value is None else [value]


def as_text(value: Any) -> str | None:
    """`value` if it is text that is not empty, else None."""
    return value if isinstance(value, str) and value else None


def as_count(value: Any) -> int:
    """`value` if it is a plausible count, else 0."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return int(value) if is_number and 0 <= value <= _MOST_TOKENS else 0


def text_of(content: Any, kinds: frozenset[str]) -> str:
    """The text of `content`: text, a part, or a list of parts, of which those with a type in `kinds` count.

    A part without a type counts if it has text.
    """
    return "".join(_text_of_part(part, kinds) for part in as_list(content))


def _text_of_part(part: Any, kinds: frozenset[str]) -> str:
    if isinstance(part, str):
        return part
    fields = as_object(part)
    kind = as_text(fields.get("type"))
    if kind is not None and kind not in kinds:
        return ""
    text = fields.get("text")
    return as_text(as_object(text).get("value") if isinstance(text, dict) else text) or ""


def arguments_of(given: Any) -> tuple[dict[str, Json] | None, str]:
    """The arguments of a tool call, given as an object or as JSON text; and their text.

    The first is None where they are no object.
    """
    if isinstance(given, str):
        given = without_thoughts(given)
        try:
            value = json.loads(given, parse_constant=_refuse)
            value = json.loads(value, parse_constant=_refuse) if isinstance(value, str) else value  # encoded twice
        except (ValueError, RecursionError):
            return None, given
        return (value, given) if isinstance(value, dict) else (None, given)
    try:
        written = json.dumps(given, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):
        return None, ""
    return (given, written) if isinstance(given, dict) else (None, "" if given is None else written)


def object_in(text: str) -> dict[str, Json] | None:
    """The object in `text`, which is JSON, perhaps in a fence; None where it is anything else."""
    fenced = _FENCED.fullmatch(text.strip())
    return arguments_of(fenced[1] if fenced else text)[0]


def without_thoughts(text: str) -> str:
    """`text` without the `<think>` blocks before the answer of some models."""
    start = 0
    while (thoughts := _THOUGHTS.match(text, start)) is not None:
        start = thoughts.end()
    return text[start:]


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
