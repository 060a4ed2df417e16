"""The time axis of a timeline: round times, and their labels. scripts/timeline.js draws it again on zoom."""

from __future__ import annotations

from collections.abc import Iterator

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


def ticks(end: float) -> Iterator[tuple[float, str]]:
    """At most seven round times from 0 to `end` milliseconds, with their labels."""
    step = next((step for step in STEPS if step * _MOST_TICKS >= end), STEPS[-1])
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
    """The labels above the bars, and the lines behind them."""
    placed = [(f"{at / max(end, 1.0):.4%}", label) for at, label in ticks(end)]
    lines = [element("line", x1=x, x2=x, y1="20", y2="100%") for x, _ in placed]
    labels = [
        element("text", label, x=x, y="13", text_anchor="start" if number == 0 else "middle")
        for number, (x, label) in enumerate(placed)
        if number == 0 or float(x[:-1]) < 96
    ]
    return element("svg", *lines, *labels, class_="timeline-axis", aria_hidden="true")
