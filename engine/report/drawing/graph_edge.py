"""The edges of a graph as SVG: with their conditions and the last values of these, and the data that flows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from engine.log.humanize import shortened
from engine.report.conditions import LastCondition
from engine.report.drawing.diagram import DataLine, Line
from engine.report.drawing.graph_box import WIDTH
from engine.report.drawing.markup import Element, element

_LONGEST_CONDITION = 34
_LONGEST_SHARED = 28
"""A condition that is written where its edge starts is nearer to those beside it, which bend towards the same box."""
_LONGEST_VALUE = 60
_BULGE = 34.0

Points = Sequence[tuple[float, float]]


class ShownEdge(Struct, frozen=True):
    """An edge, whether anything passed along it, and the last value of its condition, None if that is not known.

    `shared`: others with conditions end where it ends, so that its condition is written where it starts.
    """

    line: Line
    number: str
    has_passed: bool
    condition: LastCondition | None = None
    critical: bool = False
    shared: bool = False


def edge_element(shown: ShownEdge, points: Points) -> Element:
    """A curve with vertical ends and an arrow; dim if nothing passed along it."""
    start = points[0]
    path = [f"M{start[0]:.0f},{start[1]:.0f}"]
    for (x1, y1), (x2, y2) in pairwise(points):
        if abs(x1 - x2) < 0.05:
            path.append(f"V{y2:.0f}")
            continue
        middle = (y1 + y2) / 2
        path.append(f"C{x1:.0f},{middle:.0f} {x2:.0f},{middle:.0f} {x2:.0f},{y2:.0f}")
    path.append("m-4,-7l4,7l4,-7")
    return element(
        "g",
        element("path", d="".join(path)),
        *(_condition(shown, points) if shown.line.label else ()),
        id=f"graph-edge-{shown.number}",
        class_=" ".join(_classes(shown)),
    )


def _classes(shown: ShownEdge) -> Iterator[str]:
    yield "edge"
    if not shown.has_passed or (shown.condition is not None and shown.condition.holds is False):
        yield "idle"
    if shown.critical:
        yield "critical"


def _condition(shown: ShownEdge, points: Points) -> Iterator[Element]:
    """The condition of an edge near its end, and below it the last value with what decided."""
    condition, text = shown.condition, shown.line.label or ""
    (x1, y1), (x2, y2) = (points[0], points[1]) if shown.shared else (points[-2], points[-1])
    x, y = ((3 * x1 + x2) / 4, y1 + 16) if shown.shared else ((x1 + 7 * x2) / 8, y2 - 28)
    most = _LONGEST_SHARED if shown.shared else _LONGEST_CONDITION
    held = "" if condition is None else _HELD[condition.holds]
    if condition is not None and condition.values:
        held += f": {', '.join(f'{path} = {_json(value)}' for path, value in condition.values)}"
    yield element(
        "text",
        element("title", f"{shown.line.from_} → {shown.line.to}\nwhen {text}\n{held}".rstrip()),
        element("tspan", shortened(text, most), x=x),
        element("tspan", shortened(held, most), x=x, dy=14, class_="held") if held else None,
        x=x,
        y=y,
        class_="condition",
    )


_HELD = {True: "✓ true", False: "✗ false", None: "· not evaluated"}


def _json(value: object) -> str:
    return shortened(json.dumps(value, ensure_ascii=False), _LONGEST_VALUE)


def data_element(line: DataLine, start: tuple[float, float], end: tuple[float, float]) -> Element:
    """A dotted curve from side to side, with a square at its end: `end` reads what `start` wrote."""
    half = WIDTH / 2
    (x1, y1), (x2, y2) = start, end
    if abs(x1 - x2) < WIDTH:  # one below the other: around the right side
        x1, x2 = x1 + half, x2 + half
        around = max(x1, x2) + _BULGE
        path = f"M{x1:.0f},{y1:.0f}C{around:.0f},{y1:.0f} {around:.0f},{y2:.0f} {x2:.0f},{y2:.0f}"
    else:
        side = half if x2 > x1 else -half
        x1, x2 = x1 + side, x2 - side
        middle = (x1 + x2) / 2
        path = f"M{x1:.0f},{y1:.0f}C{middle:.0f},{y1:.0f} {middle:.0f},{y2:.0f} {x2:.0f},{y2:.0f}"
    reads = element("title", f"{line.to} reads {', '.join(line.fields)} from {line.from_}")
    return element("path", reads, d=f"{path}m-3,-3h6v6h-6z")
