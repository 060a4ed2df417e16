"""A strip of cells for the items or iterations of a box: each a shape for its status, so that colour is not needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from engine.log.humanize import shortened
from engine.log.reading.view import NodeStatus
from engine.report.drawing.box_states import MOST_CELLS, Cell
from engine.report.drawing.markup import Element, element
from engine.report.status_signs import BY_GRAVITY

_ROWS = ((40, 1), (90, 2), (MOST_CELLS, 3))
_WIDEST = 11.0
_LONGEST_WHY = 80


def item_strip(cells: Sequence[Cell], width: float, height: float, most: int = MOST_CELLS) -> Element | None:
    """The strip, as a group whose origin is its upper left corner; None without items.

    Of more than `most` items, at most MOST_CELLS, it shows the share of each status.
    """
    if not cells:
        return None
    if len(cells) > most:
        return element("g", *_shares(cells, width, height), class_="cells shares")
    rows = next(rows for limit, rows in _ROWS if len(cells) <= limit or limit == MOST_CELLS)
    columns = -(-len(cells) // rows)
    across, down = min(_WIDEST, width / columns), height / rows
    shapes = []
    for number, cell in enumerate(cells):
        row, column = divmod(number, columns)
        shapes.append(
            element(
                "path",
                element("title", _title(cell)),
                d=_shape(cell.status, column * across, row * down, across, down),
                class_=cell.status.value,
            )
        )
    return element("g", *shapes, class_="cells")


def _title(cell: Cell) -> str:
    return f"{cell.name}: {cell.status.value}" + (f": {shortened(cell.why, _LONGEST_WHY)}" if cell.why else "")


def _shares(cells: Sequence[Cell], width: float, height: float) -> Iterator[Element]:
    """A bar for each status, as wide as its share, and at least visible."""
    counts = Counter(cell.status for cell in cells)
    shown = [status for status in BY_GRAVITY if counts[status]]
    least = 6.0
    room = width - least * len(shown)
    left = 0.0
    for status in shown:
        wide = least + room * counts[status] / len(cells)
        said = f"{counts[status]:,} of {len(cells):,} {status.value}"
        yield element("path", element("title", said), d=_shape(status, left, 0, wide, height), class_=status.value)
        left += wide


def _shape(status: NodeStatus, x: float, y: float, wide: float, high: float) -> str:
    """The outline of a cell in a rectangle: filled, half filled, notched, a frame, a bar or a point."""
    gap = 1.0 if wide < 6 else 1.6
    w, h = wide - gap, high - gap
    at = f"M{x:.1f},{y:.1f}"
    if status is NodeStatus.COMPLETED:
        return f"{at}h{w:.1f}v{h:.1f}h{-w:.1f}z"
    if status is NodeStatus.CACHED:  # the lower half, below a line
        half = h / 2
        return f"{at}h{w:.1f}v1h{-w:.1f}zM{x:.1f},{y + half:.1f}h{w:.1f}v{half:.1f}h{-w:.1f}z"
    if status is NodeStatus.FAILED:  # cut by a notch from both sides
        cut, half = min(w / 2 - 0.4, 3.5), h / 2
        return f"{at}h{w:.1f}l{-cut:.1f},{half:.1f}l{cut:.1f},{half:.1f}h{-w:.1f}l{cut:.1f},{-half:.1f}z"
    if status is NodeStatus.RUNNING:  # a frame
        edge = min(1.4, w / 3)
        inner_w, inner_h = w - 2 * edge, h - 2 * edge
        return f"{at}h{w:.1f}v{h:.1f}h{-w:.1f}zm{edge:.1f},{edge:.1f}v{inner_h:.1f}h{inner_w:.1f}v{-inner_h:.1f}z"
    if status is NodeStatus.CANCELLED:  # a bar in the middle
        return f"M{x:.1f},{y + h * 0.35:.1f}h{w:.1f}v{h * 0.3:.1f}h{-w:.1f}z"
    size = min(w, h) * (0.5 if status is NodeStatus.SKIPPED else 0.28)  # a point, smaller for what is pending
    return f"M{x + (w - size) / 2:.1f},{y + (h - size) / 2:.1f}h{size:.1f}v{size:.1f}h{-size:.1f}z"
