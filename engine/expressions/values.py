"""The values that paths stand for: JSON, nothing at all, and how a value reads as text. No paths here."""

from __future__ import annotations

import json
from enum import Enum
from typing import Final, TypeAlias

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


class Missing(Enum):
    """The type of `MISSING`: what a path that leads nowhere stands for; JSON's null is a value."""

    MISSING = "missing"


class Unwritten(Enum):
    """The type of `UNWRITTEN`: a declared read that no node has written yet (prompts only)."""

    UNWRITTEN = "unwritten"


MISSING: Final = Missing.MISSING
UNWRITTEN: Final = Unwritten.UNWRITTEN

_LAST_PLAIN_INTEGER = 1e21  # from here on JavaScript writes integral numbers with an exponent, too


def to_text(value: Json) -> str:
    """How a prompt shows a value: strings raw, everything else as compact JSON (docs/format.md, References).

    Floats without a fraction are written as integers, as JavaScript does: `1.0` is `1`.
    """
    if isinstance(value, str):
        return value
    return json.dumps(_with_plain_integers(value), separators=(",", ":"), ensure_ascii=False)


def _with_plain_integers(value: Json) -> Json:
    if isinstance(value, float) and value.is_integer() and abs(value) < _LAST_PLAIN_INTEGER:
        return int(value)
    if isinstance(value, list):
        return [_with_plain_integers(item) for item in value]
    if isinstance(value, dict):
        return {key: _with_plain_integers(item) for key, item in value.items()}
    return value
