"""How much work something is, in figures that no other load of the machine changes: calls made, and memory held."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any


def calls_of(action: Callable[[], object]) -> int:
    """How many functions `action` calls, those of the interpreter and its C libraries included."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(before)
    return calls


def memory_of(action: Callable[[], object]) -> int:
    """How many bytes more than before `action` holds at its worst moment."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def grows_evenly(work: Sequence[int]) -> bool:
    """Whether twice as much costs twice as much at most: `work` is what one, two and four times a size take."""
    once, twice, four_times = work
    return four_times - twice <= 2 * max(0, twice - once) * _UNEVENNESS + _STEPS


_UNEVENNESS = 1.15
"""Half of what would be quadratic is 2."""

_STEPS = 500
"""What comes with a size, but not in proportion to it: another chunk, another way to read."""
