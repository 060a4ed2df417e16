"""The executions inside a vertex on a row of a timeline: each in a lane or, if they are many, how many ran at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.log.humanize import plural
from engine.report.drawing.markup import Element, element
from engine.report.drawing.timeline_bars import execution_bar, failed_end, plain_bar, retries, written
from engine.report.executions import Execution
from engine.report.timing.histogram import Slice
from engine.report.timing.timing import MOST_FIRST, PartsTiming

MOST_BARS = MOST_FIRST
"""More parts are not drawn one by one."""

MOST_LANES = 8
_LANE, _GAP = 5.0, 2.0
_MARGIN = 5.0
_AREA = 26.0
_MARKS = 8.0


def height_of(parts: PartsTiming) -> float:
    """The height of the drawing of the parts, in pixels."""
    if parts.count > MOST_BARS:
        return _MARKS + _AREA + _MARGIN
    return max(24.0, len(lanes(parts.first)) * (_LANE + _GAP) - _GAP + 2 * _MARGIN)


def draw_parts(vertex: Execution, parts: PartsTiming, now: float) -> Iterator[Element]:
    """The drawing of the parts, above the bar of the vertex around them."""
    if vertex.started_ms is not None:
        yield plain_bar(vertex, 2, height_of(parts) - 4, "bar faint")
    yield from retries(vertex, 2, height_of(parts) - 4)
    if parts.count > MOST_BARS:
        yield from _area(parts, vertex.ended_ms if vertex.ended_ms is not None else now)
        return
    for number, lane in enumerate(lanes(parts.first)):
        top = _MARGIN + number * (_LANE + _GAP)
        ran = [part for part in lane if part.started_ms is not None]
        bars = [plain_bar(part, top, _LANE) for part in ran]
        bars += [end for part in ran for end in failed_end(part, top, _LANE)]
        others = (part for part in lane if part.started_ms is None)
        marks = [mark for part in others for mark in execution_bar(part, top, _LANE)]
        yield element("g", *bars, *marks, class_="lane")


def lanes(parts: Sequence[Execution]) -> list[list[Execution]]:
    """The parts in lanes, in the order of their starts: without overlaps, except in the last of MOST_LANES."""
    found: list[list[Execution]] = []
    for part in sorted(parts, key=_start):
        free = next((lane for lane in found if _end(lane[-1]) <= _start(part)), None)
        if free is not None:
            free.append(part)
        elif len(found) < MOST_LANES:
            found.append([part])
        else:
            found[-1].append(part)
    return found


def _area(parts: PartsTiming, now: float) -> Iterator[Element]:
    """How many parts ran in each slice of time, and marks where some failed or were retried."""
    histogram, bottom = parts.histogram, _MARKS + _AREA
    slices = list(histogram.used(now if parts.running else None))
    running = [each.started_ms for each in parts.running.values() if each.started_ms is not None]
    busy = [_mean(slice_, start, histogram.width, running, now) for start, slice_ in slices]
    peak = max([1.0, float(parts.load.peak), *busy])
    path = [f"M{written(histogram.start)} {bottom:.0f}"]
    for (start, _), many in zip(slices, busy, strict=True):
        path.append(f"H{written(start)}V{bottom - many / peak * _AREA:.1f}")
    end = min(histogram.start + len(slices) * histogram.width, now)
    path.append(f"H{written(end)}V{bottom:.0f}z")
    title = f"{parts.count:,} parts, at most {parts.load.peak} at once"
    yield element("path", element("title", title), d="".join(path), class_="area")
    for start, slice_ in slices:
        if slice_.failed or slice_.retried:
            middle = start + histogram.width / 2
            form, class_ = ("v7", "end failed") if slice_.failed else ("m0 4h0", "mark retried")
            tip = element("title", _slice_text(slice_))
            yield element("path", tip, d=f"M{written(middle)} 1{form}", class_=class_)


def _mean(slice_: Slice, start: float, width: float, running: Sequence[float], now: float) -> float:
    still = sum(max(0.0, min(now, start + width) - max(begin, start)) for begin in running)
    return (slice_.busy_ms + still) / width


def _slice_text(slice_: Slice) -> str:
    said = [f"{plural(slice_.ended, 'part')} ended here"]
    said += [f"{slice_.failed} failed"] if slice_.failed else []
    said += [f"{plural(slice_.retried, 'attempt')} failed and came again"] if slice_.retried else []
    return ", ".join(said)


def _start(part: Execution) -> float:
    begin = part.started_ms if part.started_ms is not None else part.ended_ms
    return begin if begin is not None else 0.0


def _end(part: Execution) -> float:
    return part.ended_ms if part.ended_ms is not None else float("inf")
