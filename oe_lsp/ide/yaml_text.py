"""Writes plain values as YAML on one line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_PLAIN = re.compile(r"[A-Za-z0-9_./$~(][^#:,\[\]{}\"'`\n]*")
_NOT_TEXT = frozenset({"true", "false", "null", "True", "False", "Null", "TRUE", "FALSE", "NULL", "~"})
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+")


def as_yaml(value: Any) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, str):
        looks_plain = _PLAIN.fullmatch(value) and value not in _NOT_TEXT and not _NUMBER.fullmatch(value)
        return value if looks_plain else json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{as_yaml(key)}: {as_yaml(member)}" for key, member in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(as_yaml, value))}]"
    return json.dumps(value)
