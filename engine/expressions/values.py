"""JSON values: their types and what messages call them, the absence of a value, and how a prompt shows one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Final

from engine.json_types import Json as Json  # noqa: PLC0414 - part of this package's interface


class ValueKind(str, Enum):
    """The kinds of JSON values; the value is how messages call one."""

    TEXT = "text"
    NUMBER = "a number"
    BOOLEAN = "a boolean"
    NULL = "null"
    LIST = "a list"
    OBJECT = "an object"

    __hash__ = str.__hash__  # Enum's own is written in Python, and kinds are put into sets by the thousand


KIND_OF_TYPE: Mapping[str, ValueKind] = {
    "string": ValueKind.TEXT,
    "number": ValueKind.NUMBER,
    "integer": ValueKind.NUMBER,
    "boolean": ValueKind.BOOLEAN,
    "object": ValueKind.OBJECT,
    "array": ValueKind.LIST,
    "null": ValueKind.NULL,
}
"""The kind of each type that JSON Schema names; an integer is a number without a fraction."""

TYPE_OF_CLASS: Mapping[type, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    dict: "object",
    list: "array",
    type(None): "null",
}
"""The narrowest type of JSON Schema for each Python class of a JSON value."""


def kind_of(value: Json) -> ValueKind:
    """The kind of a value."""
    return KIND_OF_TYPE[TYPE_OF_CLASS[type(value)]]


def has_type(value: Json, name: str) -> bool:
    """Whether a value is of a type that JSON Schema names; 1.0 is an integer there (2020-12, Core, 4.2.2)."""
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return kind_of(value) is KIND_OF_TYPE[name]


def type_in_words(name: str) -> str:
    """How messages call a type of JSON Schema, such as `a list` for `array`; an unknown one by its name."""
    if name == "integer":
        return "an integer"
    return KIND_OF_TYPE[name].value if name in KIND_OF_TYPE else name


class Missing(Enum):
    """The type of `MISSING`: the value of a path that leads nowhere; null is a value."""

    MISSING = "missing"


class Unwritten(Enum):
    """The type of `UNWRITTEN`: a declared read that no node has written yet (prompts only)."""

    UNWRITTEN = "unwritten"


MISSING: Final = Missing.MISSING
UNWRITTEN: Final = Unwritten.UNWRITTEN

_LAST_PLAIN_INTEGER = 1e21  # from here on JavaScript writes integral numbers with an exponent, too


def to_text(value: Json) -> str:
    """A value as text in a prompt: strings as they are, other values as compact JSON (docs/format.md, References).

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
