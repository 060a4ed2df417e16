"""How the CPU time of something grows with its size: counting calls does not see what one call in C takes."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from time import process_time
from typing import TypeVar

_Input = TypeVar("_Input")

MOST = 3.0
"""What takes twice as long for twice as much, with room for noise; half of what is quadratic adds up to 3."""

_BEST_OF = 5
_LEAST_S = 0.02
"""Below, the clock and the caches say more than the work: then a larger size is measured."""


def growth(
    work: Callable[[_Input], object], made: Callable[[int], _Input], size: int, factors: Sequence[int] = (1, 8, 64)
) -> float:
    """t(2n) / t(n), each the best of five, at the first of `size` times `factors` that takes long enough to tell."""
    for factor in factors:
        once, twice = made(size * factor), made(2 * size * factor)
        if _time_of(work, twice) >= 2 * _LEAST_S:
            break
    of_once, of_twice = _time_of(work, once), _time_of(work, twice)
    for _ in range(_BEST_OF - 1):
        if of_twice <= MOST * of_once:  # another try would only take noise away
            break
        of_once, of_twice = min(of_once, _time_of(work, once)), min(of_twice, _time_of(work, twice))
    return of_twice / max(of_once, _LEAST_S / 4)


def _time_of(work: Callable[[_Input], object], given: _Input) -> float:
    gc.disable()
    try:
        before = process_time()
        work(given)
        return process_time() - before
    finally:
        gc.enable()
