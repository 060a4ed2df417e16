"""The time axis of a timeline: round times, and their labels. scripts/timeline.js draws it again on zoom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.report.drawing.markup import Element, element

_SECOND, _MINUTE, _HOUR, _DAY = 1_000.0, 60_000.0, 3_600_000.0, 86_400_000.0
STEPS = (
    *(factor * power for power in (1.0, 10.0, 100.0, _SECOND) for factor in (1, 2, 5)),
    *(factor * _SECOND for factor in (10, 15, 30)),
    *(factor * _MINUTE for factor in (1, 2, 5, 10, 15, 30)),
    *(factor * _HOUR for factor in (1, 2, 3, 6, 12)),
    *(factor * _DAY for factor in (1, 2, 5, 10, 20, 50, 100, 1_000)),
)
"""The distances between ticks, in milliseconds."""

_MOST_TICKS = 6
_LAST_LABEL = 0.96


def ticks(end: float) -> Iterator[tuple[float, str]]:
    """At most seven round times from 0 to `end` milliseconds, with their labels."""
    step = next((step for step in STEPS if step * _MOST_TICKS >= end), end / _MOST_TICKS)
    number = 0
    while number * step <= end:
        yield number * step, tick_label(number * step, step)
        number += 1


def tick_label(at: float, step: float) -> str:
    """The time since the start, as exact as ticks every `step` ms need: `250 ms`, `1.5 s`, `12:30`, `1:05:00`."""
    if at < _SECOND and step < _SECOND:
        return f"{at:.0f} ms" if at else "0"
    if not at:
        return "0"
    decimals = 0 if step >= _SECOND else 1 if step >= 100 else 2 if step >= 10 else 3
    if at < _MINUTE:
        return f"{at / _SECOND:.{decimals}f} s"
    if step >= _DAY:
        return f"{at / _DAY:.0f} d"
    if step >= _HOUR and at >= _DAY:
        return f"{at // _DAY:.0f} d {at % _DAY / _HOUR:.0f} h"
    seconds = f"{at % _MINUTE / _SECOND:0{decimals + 3 if decimals else 2}.{decimals}f}"
    minutes = f"{at % _HOUR // _MINUTE:.0f}"
    return f"{minutes}:{seconds}" if at < _HOUR else f"{at // _HOUR:.0f}:{minutes:0>2}:{seconds}"


def axis(end: float) -> Element:
    """The labels of the ticks, for above the rows, and their lines there."""
    placed = list(_placed(end))
    labels = [
        element("text", label, x=f"{share:.3%}", y="13", text_anchor="middle" if share else "start")
        for share, label in placed
        if share < _LAST_LABEL
    ]
    return element("svg", *_lines(placed, "20"), *labels, class_="timeline-axis", aria_hidden="true")


def grid(end: float) -> Element:
    """The lines of the ticks, for behind the rows."""
    return element("svg", *_lines(list(_placed(end)), "0"), class_="timeline-grid", aria_hidden="true")


def _placed(end: float) -> Iterator[tuple[float, str]]:
    for at, label in ticks(end):
        yield at / max(end, 1.0), label


def _lines(placed: Sequence[tuple[float, str]], top: str) -> list[Element]:
    return [element("line", x1=f"{share:.3%}", x2=f"{share:.3%}", y1=top, y2="100%") for share, _ in placed]
