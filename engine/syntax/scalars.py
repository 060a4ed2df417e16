"""Resolves the text of a scalar to its value: the core schema of YAML 1.2 (section 10.3) and its tags."""

from __future__ import annotations

import re
from collections.abc import Callable

Data = str | int | float | bool | None

CORE = "tag:yaml.org,2002:"

_WORDS: dict[str, Data] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_DECIMAL = re.compile(r"[-+]?[0-9]+", re.ASCII)
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_NUMBER_STARTS = frozenset("0123456789+-.")
# Python refuses to convert more digits (int max str digits); longer numbers become floats, as in JavaScript.
_MOST_DIGITS = 4000
_MOST_BASED_DIGITS = 3000


class TagError(ValueError):
    """The text of a scalar does not match its tag."""


def resolve_plain(text: str) -> Data:
    """Return the value of an untagged plain scalar: a null, a boolean, a number, else a string."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMBER_STARTS:
        return _number(text)
    return text


def resolve_tagged(text: str, tag: str) -> Data:
    """Return the value of a scalar that carries `tag` (in full, or "!" for "as a string").

    Raises TagError when the text is not of the tag's type, KeyError for a tag unknown to the core schema.
    """
    if tag == "!":
        return text
    accepts = _TAGS[tag]
    value: Data = text if accepts is _is_string else resolve_plain(text)
    if tag == CORE + "float" and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not accepts(value):
        raise TagError(tag)
    return value


def _number(text: str) -> Data:
    if _DECIMAL.fullmatch(text):
        return int(text) if len(text) <= _MOST_DIGITS else float(text)
    if _BASED.fullmatch(text):
        return int(text[2:], 8 if text[1] == "o" else 16) if len(text) <= _MOST_BASED_DIGITS else float("inf")
    return float(text) if _FLOAT.fullmatch(text) else text


def _is_string(value: Data) -> bool:
    return isinstance(value, str)


def _is_integer(value: Data) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_TAGS: dict[str, Callable[[Data], bool]] = {
    CORE + "str": _is_string,
    CORE + "int": _is_integer,
    CORE + "float": lambda value: isinstance(value, float),
    CORE + "bool": lambda value: isinstance(value, bool),
    CORE + "null": lambda value: value is None,
}
