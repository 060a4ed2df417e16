"""Which parts of a node are on the page, and in which place: a node may have ten thousand."""

from __future__ import annotations

import heapq

from engine.log.reading.view import NodeStatus
from engine.report.executions import Execution, Place, item_index

MOST_PARTS = 200
"""So many parts of one node are on the page."""

_MOST_INSIDE = (40, 10, 5)
"""So many parts of a part are, by depth."""


class ShownParts:
    """The parts of one node that are on the page: all, or if they are too many, failed ones first.

    Each keeps its place there, so that a change costs no more than that part. Only a part that fails takes the place
    of another.
    """

    def __init__(self, whole: Execution, most: int = MOST_PARTS) -> None:
        self.most = most
        self.places = chosen(whole, most)
        self._numbers: dict[Place, int] = {part.place: number for number, part in enumerate(self.places)}
        self._next = 0

    def place_of(self, part: Execution) -> int | None:
        """The place of a part that changed, from 0; None if it is not shown."""
        known = self._numbers.get(part.place)
        if known is not None:
            return known
        if len(self.places) < self.most:
            self.places.append(part)
            self._numbers[part.place] = len(self.places) - 1
            return len(self.places) - 1
        return self._replaced(part) if part.status is NodeStatus.FAILED else None

    def _replaced(self, part: Execution) -> int | None:
        """The place of one that has not failed, which goes."""
        for _ in self.places:
            number = self._next
            self._next = (self._next + 1) % len(self.places)
            if self.places[number].status is not NodeStatus.FAILED:
                del self._numbers[self.places[number].place]
                self.places[number], self._numbers[part.place] = part, number
                return number
        return None


def chosen(whole: Execution, most: int) -> list[Execution]:
    """At most so many parts: all by index, or failed ones first, each by index."""
    if len(whole.parts) <= most:
        return whole.parts_in_order
    return heapq.nsmallest(most, whole.parts, key=lambda part: (part.status is not NodeStatus.FAILED, item_index(part)))


def most_inside(depth: int) -> int:
    """How many parts of a part are on the page, `depth` levels below a node."""
    return _MOST_INSIDE[min(depth, len(_MOST_INSIDE)) - 1]
