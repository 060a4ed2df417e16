"""Replaces large values in messages to the editor by their size."""

from __future__ import annotations

import json
from collections.abc import Mapping

from engine.expressions import Json

LIMIT_BYTES = 2048


def elide(event: Mapping[str, Json]) -> dict[str, Json]:
    """Replace each value whose JSON exceeds 2 KiB by `{"$elided": bytes}`, as deep inside `event` as possible."""
    return {name: _elide(value) for name, value in event.items()}


def _elide(value: Json) -> Json:
    size = _size(value)
    if size <= LIMIT_BYTES:
        return value
    if isinstance(value, dict):
        smaller: dict[str, Json] = elide(value)
        if _size(smaller) <= LIMIT_BYTES:
            return smaller
    return {"$elided": size}


def _size(value: Json) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
