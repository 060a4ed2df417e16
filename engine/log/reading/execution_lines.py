"""The line numbers of executions in a log, in plain arrays, since a log may have a hundred thousand."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable
from heapq import nsmallest

from msgspec import Struct

from engine.log.events.events import (
    NodeAttempt,
    NodeCached,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
    NodeStarted,
)

_TYPES = (
    NodeStarted.type,
    NodeAttempt.type,
    NodeCached.type,
    NodeCompleted.type,
    NodeFailed.type,
    NodeSkipped.type,
    NodeCancelled.type,
)
_CODES = {name: code for code, name in enumerate(_TYPES)}
_FIRST_END = _CODES[NodeCached.type]

KEPT_TYPES = frozenset(_TYPES)
"""The types of events that say how an execution went."""

NO_ITEM = -1


class Lines(Struct, frozen=True):
    """The numbers of the lines of one execution in its log, and the type of the last one.

    `item` is the index of its innermost item, or NO_ITEM outside of fan-outs and pipelines.
    """

    numbers: tuple[int, ...]
    last: str
    item: int = NO_ITEM

    @property
    def has_ended(self) -> bool:
        """Whether its end is in the log."""
        return _CODES[self.last] >= _FIRST_END


Rank = Callable[[str, int, int], tuple[int, ...]]
"""From the last type of an execution, its item and the number of its last line, to what it is sorted by."""


class ExecutionLines:
    """The lines of some executions, in the order of the log."""

    def __init__(self) -> None:
        self._numbers = array("L")
        self._codes = array("B")
        self._places = array("q")
        self._items = array("q")

    def add(self, number: int, type_: str, place: int, item: int) -> None:
        """Add the next line: its number, the type of its event, a hash of the place of its execution, and its item."""
        self._numbers.append(number)
        self._codes.append(_CODES[type_])
        self._places.append(place)
        self._items.append(item)

    def last_types(self) -> Counter[str]:
        """How many executions have a last event of each type."""
        codes = Counter(map(self._codes.__getitem__, self._last_lines().values()))
        return Counter({_TYPES[code]: count for code, count in codes.items()})

    def last_end(self) -> int | None:
        """The number of the last line that ends an execution."""
        ends = (at for at in reversed(range(len(self._codes))) if self._codes[at] >= _FIRST_END)
        at = next(ends, None)
        return None if at is None else self._numbers[at]

    def first(self, most: int, rank: Rank, *, skipped: int = 0) -> list[Lines]:
        """At most so many executions, those that come first by `rank` after the first `skipped`."""
        if most == 0 or not self._numbers:
            return []

        def key(at: int) -> tuple[int, ...]:
            return rank(_TYPES[self._codes[at]], self._items[at], self._numbers[at])

        return self._lines(nsmallest(skipped + most, self._last_lines().values(), key)[skipped:])

    def __len__(self) -> int:
        """The number of executions."""
        return len(self._last_lines())

    def _last_lines(self) -> dict[int, int]:
        """By place, where in the arrays its last line is."""
        return dict(zip(self._places, range(len(self._places)), strict=True))

    def _lines(self, lasts: list[int]) -> list[Lines]:
        """The executions whose last lines are there in the arrays."""
        numbers: dict[int, list[int]] = {self._places[last]: [] for last in lasts}
        for number, place in zip(self._numbers, self._places, strict=True):
            if place in numbers:
                numbers[place].append(number)
        return [
            Lines(tuple(numbers[self._places[last]]), _TYPES[self._codes[last]], self._items[last]) for last in lasts
        ]
