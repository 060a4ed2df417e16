"""The items of a fan-out and their keys: an item is known by its value, wherever it stands
(docs/design.md, The run log).
"""

from __future__ import annotations

from collections import Counter

from engine.canonical import hash_value
from engine.core.inputs import ItemValue
from engine.expressions import Json

_KEY_DIGITS = 16


def item_values(values: list[Json]) -> tuple[ItemValue, ...]:
    """Each value with its index and key: 16 hex digits of its hash, `#`, and its ordinal among equal values."""
    seen: Counter[str] = Counter()
    items = []
    for index, value in enumerate(values):
        digest = hash_value(value)[:_KEY_DIGITS]
        items.append(ItemValue(value, index, f"{digest}#{seen[digest]}"))
        seen[digest] += 1
    return tuple(items)
