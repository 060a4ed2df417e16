"""How many nodes run at once, as steps over the time of a run."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from msgspec import Struct, field

_MOST_STEPS = 100
_SAMPLES = 40


class Load(Struct):
    """`counts[i]` nodes ran from `times[i]` (milliseconds from the start of the run) to the next time."""

    times: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    peak: int = 0

    def change(self, at: float, by: int) -> None:
        """From `at`, which is not before earlier changes, so many more nodes run; fewer if `by` is negative."""
        if self.times and self.times[-1] >= at:
            self.counts[-1] += by
        else:
            self.times.append(at)
            self.counts.append((self.counts[-1] if self.counts else 0) + by)
        self.peak = max(self.peak, self.counts[-1])

    def share_at_least(self, count: int, start: float, end: float) -> float:
        """The share, from 0 to 1, of the time from `start` to `end` in which at least `count` nodes ran.

        Over very many steps, that of evenly spaced times.
        """
        if end <= start:
            return 0.0
        if bisect_right(self.times, end) - bisect_right(self.times, start) > _MOST_STEPS:
            times = (start + (number + 0.5) / _SAMPLES * (end - start) for number in range(_SAMPLES))
            return sum(self._at(time) >= count for time in times) / _SAMPLES
        return sum(stop - begin for begin, stop, ran in self._steps(start, end) if ran >= count) / (end - start)

    def highest(self, most: int, end: float) -> Iterator[tuple[float, int]]:
        """At most so many steps up to `end`, each from its time on: the highest number of nodes in it."""
        if len(self.times) <= most:
            yield from zip(self.times, self.counts, strict=True)
            return
        width, before = end / most, 0
        for number in range(most):
            start = number * width
            first = max(bisect_right(self.times, start) - 1, 0)
            count = max(self.counts[first : bisect_right(self.times, start + width)], default=0)
            if count != before:
                yield start, count
            before = count

    def _at(self, ms: float) -> int:
        place = bisect_right(self.times, ms) - 1
        return self.counts[place] if place >= 0 else 0

    def _steps(self, start: float, end: float) -> Iterator[tuple[float, float, int]]:
        place = max(bisect_right(self.times, start) - 1, 0)
        while place < len(self.times) and self.times[place] < end:
            stop = self.times[place + 1] if place + 1 < len(self.times) else end
            yield max(self.times[place], start), min(stop, end), self.counts[place]
            place += 1
