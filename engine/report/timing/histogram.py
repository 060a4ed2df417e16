"""How many of a group's parts ran at a time, in a bounded number of slices. Grows with a run, part by part."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

MOST_SLICES = 96


class Slice(Struct):
    """A slice of time: the milliseconds that parts ran in it, added up, and the parts that failed or were retried."""

    busy_ms: float = 0.0
    ended: int = 0
    restored: int = 0
    failed: int = 0
    retried: int = 0


class Histogram(Struct):
    """Slices of `width` milliseconds from `start` on. A time beyond the last slice doubles their width."""

    start: float
    width: float = 1.0
    slices: list[Slice] = field(default_factory=lambda: [Slice() for _ in range(MOST_SLICES)])

    def at(self, ms: float) -> Slice:
        """The slice with this time."""
        while ms - self.start >= self.width * MOST_SLICES:
            self._double()
        return self.slices[max(0, int((ms - self.start) / self.width))]

    def busy(self, start: float, end: float) -> None:
        """A part ran from `start` to `end`."""
        self.at(end)
        place = max(0, int((start - self.start) / self.width))
        while place < MOST_SLICES:
            begin = self.start + place * self.width
            if begin >= end:
                break
            self.slices[place].busy_ms += max(0.0, min(end, begin + self.width) - max(start, begin))
            place += 1

    def used(self, until: float | None = None) -> Iterator[tuple[float, Slice]]:
        """The slices with their start, up to the one with the time `until`, or the last in which something happened."""
        if until is not None:
            self.at(until)
        last = max((place for place, each in enumerate(self.slices) if each != Slice()), default=-1)
        if until is not None:
            last = max(last, int((until - self.start) / self.width))
        for place in range(last + 1):
            yield self.start + place * self.width, self.slices[place]

    def _double(self) -> None:
        halves = self.slices
        self.slices = [_both(halves[place], halves[place + 1]) for place in range(0, MOST_SLICES, 2)]
        self.slices += [Slice() for _ in range(MOST_SLICES - len(self.slices))]
        self.width *= 2


def _both(one: Slice, other: Slice) -> Slice:
    return Slice(
        one.busy_ms + other.busy_ms,
        one.ended + other.ended,
        one.restored + other.restored,
        one.failed + other.failed,
        one.retried + other.retried,
    )
