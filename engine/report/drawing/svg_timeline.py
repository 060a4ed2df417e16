"""The timeline of a run as SVG: a row for each vertex, with the executions inside it in lanes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from engine.log.humanize import duration, shortened_name
from engine.report.drawing.markup import Element, element
from engine.report.executions import Execution, History, in_order

_WIDTH = 1000.0
_NAMES = 210.0
_ROW = 24.0
_AXIS = 26.0
_THIN = 5.0
_MOST_LANES = 8
_MOST_BARS = 2_000
_LETTERS = 24
_STEPS = (1, 2, 5)


def svg_timeline(run: History, anchors: Mapping[str, str]) -> Element:
    """The drawing. Restored and skipped vertices are marks."""
    end = max(run.ended_ms, 1.0)
    scale = (_WIDTH - _NAMES - 70) / end
    rows: list[Element] = []
    top = _AXIS
    for execution in run.executions:
        lanes = _lanes(execution, run.ended_ms)
        height = max(_ROW, 12 + _THIN * 1.4 * len(lanes))
        rows.append(_row(execution, lanes, top, height, scale, run.ended_ms, anchors.get(execution.node_id)))
        top += height
    ticks = [_tick(at, _NAMES + at * scale, top) for at in _ticks(end)]
    return element(
        "svg",
        *ticks,
        *rows,
        class_="timeline",
        viewBox=f"0 0 {_WIDTH:.0f} {top + 4:.1f}",
        role="group",
        aria_label="When each node ran",
    )


def _lanes(execution: Execution, now: float) -> list[list[Execution]]:
    """The executions inside a vertex in lanes without overlaps, except in the last one."""
    inner = [part for part in in_order(execution.parts) if part.started_ms is not None and not part.parts][:_MOST_BARS]
    inner.sort(key=lambda part: part.started_ms or 0.0)
    lanes: list[list[Execution]] = []
    for part in inner:
        for lane in lanes:
            if _end(lane[-1], now) <= (part.started_ms or 0.0):
                lane.append(part)
                break
        else:
            if len(lanes) < _MOST_LANES:
                lanes.append([part])
            else:
                lanes[-1].append(part)
    return lanes


def _row(
    execution: Execution,
    lanes: Sequence[Sequence[Execution]],
    top: float,
    height: float,
    scale: float,
    now: float,
    anchor: str | None,
) -> Element:
    name = execution.node_id
    bars: list[Element] = []
    end = _NAMES
    if execution.started_ms is not None:
        bars.append(_bar(execution, top + 5, height - 10, scale, now, "bar faint" if lanes else "bar"))
        end += _end(execution, now) * scale
    elif execution.ended_ms is not None:
        end += execution.ended_ms * scale
        bars.append(element("circle", cx=end, cy=top + height / 2, r=4, class_=f"mark {execution.status.value}"))
    for number, lane in enumerate(lanes):
        bars += [_bar(part, top + 6 + number * _THIN * 1.4, _THIN, scale, now, "bar") for part in lane]
    took = duration(_end(execution, now) - execution.started_ms) if execution.started_ms is not None else ""
    return element(
        "a",
        element("rect", x=0, y=top, width=_WIDTH, height=height, class_="row"),
        element(
            "text", shortened_name(name, _LETTERS), element("title", name), x=8, y=top + height / 2 + 4, class_="name"
        ),
        *bars,
        element("text", took or execution.status.value, x=end + 8, y=top + height / 2 + 4, class_="detail"),
        href=f"#{anchor}" if anchor else None,
    )


def _bar(execution: Execution, top: float, height: float, scale: float, now: float, class_: str) -> Element:
    started, ended = execution.started_ms or 0.0, _end(execution, now)
    return element(
        "rect",
        element("title", f"{execution.label}: {execution.status.value}, {duration(ended - started)}"),
        x=_NAMES + started * scale,
        y=top,
        width=max(2.0, (ended - started) * scale),
        height=height,
        rx=min(3.0, height / 2),
        class_=f"{class_} {execution.status.value}",
    )


def _end(execution: Execution, now: float) -> float:
    return execution.ended_ms if execution.ended_ms is not None else now


def _ticks(end: float) -> Iterator[float]:
    """Four to ten round times from 0 to `end` milliseconds."""
    steps = (factor * 10.0**power for power in itertools.count() for factor in _STEPS)
    step = next(step for step in steps if step * 8 >= end)
    at = 0.0
    while at <= end:
        yield at
        at += step


def _tick(at: float, x: float, bottom: float) -> Element:
    return element(
        "g",
        element("line", x1=x, y1=_AXIS - 4, x2=x, y2=bottom, class_="tick"),
        element("text", duration(at) if at else "0", x=x, y=14, text_anchor="middle", class_="detail"),
    )
