"""The three merges of state fields: folds over writes, in the graph's order (docs/format.md, State)."""

from __future__ import annotations

from collections.abc import Iterable

from engine.experience.model import Merge
from engine.expressions import MISSING, Json, Missing


def fold(merge: Merge, start: Json | Missing, writes: Iterable[Json]) -> Json | Missing:
    """The value of a field that starts as `start` and receives `writes`, in that order.

    Writes were checked when their nodes ended: `array_append` receives arrays only; `set_once` keeps the first of two
    different values. For `set_once`, null counts as unset.
    """
    if merge is Merge.ARRAY_APPEND:
        return _append(start, writes)
    value = start
    for write in writes:
        if merge is Merge.LAST_WINS or value is MISSING or value is None:
            value = write
    return value


def _append(start: Json | Missing, writes: Iterable[Json]) -> Json | Missing:
    parts = [write for write in writes if isinstance(write, list)]
    if not parts:
        return start
    value = list(start) if isinstance(start, list) else []
    for part in parts:
        value.extend(part)
    return value
