"""Draws a picture in a terminal as `git log --graph` does: a row for each vertex, and a lane for each open edge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from engine.report.drawing.diagram import Box, Picture

_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_STROKES = {
    0: " ",
    _UP: "╵",
    _DOWN: "╷",
    _UP | _DOWN: "│",
    _LEFT | _RIGHT: "─",
    _DOWN | _RIGHT: "╭",
    _DOWN | _LEFT: "╮",
    _UP | _RIGHT: "╰",
    _UP | _LEFT: "╯",
    _UP | _DOWN | _RIGHT: "├",
    _UP | _DOWN | _LEFT: "┤",
    _DOWN | _LEFT | _RIGHT: "┬",
    _UP | _LEFT | _RIGHT: "┴",
    _UP | _DOWN | _LEFT | _RIGHT: "┼",
}
_NODE = "●"
_GROUP = "◉"


class Row(Struct, frozen=True):
    """One line of the drawing, and its vertex, if any."""

    drawing: str
    box: Box | None = None


def terminal_lines(picture: Picture) -> Iterator[str]:
    """The drawing with the name, kind and conditions of each vertex beside it."""
    rows = list(rows_of(picture))
    drawn = max((len(row.drawing) for row in rows), default=0)
    named = max((len(box.id) for box in picture.boxes), default=0)
    conditions = _conditions(picture)
    for row in rows:
        if row.box is None:
            yield row.drawing
            continue
        parts = " → ".join(part.id for part in row.box.parts)
        said = [row.box.kind, *([parts] if parts else []), *row.box.notes, *conditions.get(row.box.id, ())]
        yield f"{row.drawing:<{drawn}}  {row.box.id:<{named}}  {' · '.join(said)}"


def _conditions(picture: Picture) -> Mapping[str, Sequence[str]]:
    """By vertex: the conditions of its incoming edges, with their source if there are several."""
    incoming = Counter(line.to for line in picture.lines)
    conditions: dict[str, list[str]] = {}
    for line in picture.lines:
        if line.label:
            whose = f" after {line.from_}" if incoming[line.to] > 1 else ""
            conditions.setdefault(line.to, []).append(f"when {line.label}{whose}")
    return conditions


def rows_of(picture: Picture) -> Iterator[Row]:
    """The rows from top to bottom: a vertex ends the lane that leads to it, and opens lanes to its successors."""
    targets = _targets(picture)
    lanes: list[str | None] = []
    for box in picture.boxes:
        column = lanes.index(box.id) if box.id in lanes else _free(lanes, 0)
        lanes[column] = None
        yield Row(_node_row(lanes, column, _GROUP if box.parts else _NODE), box)
        before = list(lanes)
        columns = _open_lanes(lanes, targets[box.id], column)
        if columns and columns != [column]:
            yield Row(_fork_row(before, lanes, column, columns))
        elif columns:
            yield Row(_through_row(lanes))
        while lanes and lanes[-1] is None:
            lanes.pop()


def _targets(picture: Picture) -> Mapping[str, Sequence[str]]:
    position = {box.id: place for place, box in enumerate(picture.boxes)}
    targets: dict[str, list[str]] = {box.id: [] for box in picture.boxes}
    for line in picture.lines:
        if line.to not in targets[line.from_]:
            targets[line.from_].append(line.to)
    return {id_: sorted(ids, key=position.__getitem__) for id_, ids in targets.items()}


def _open_lanes(lanes: list[str | None], targets: Sequence[str], column: int) -> list[int]:
    """Open a lane for each target, the first in the column of the vertex. Returns the sorted columns."""
    columns = []
    for target in targets:
        if target in lanes:
            columns.append(lanes.index(target))
            continue
        free = column if lanes[column] is None else _free(lanes, column + 1)
        lanes[free] = target
        columns.append(free)
    return sorted(columns)


def _free(lanes: list[str | None], start: int) -> int:
    """The first free lane from `start`, or a new one."""
    for column in range(start, len(lanes)):
        if lanes[column] is None:
            return column
    lanes.append(None)
    return len(lanes) - 1


def _node_row(lanes: Sequence[str | None], column: int, sign: str) -> str:
    cells = [sign if place == column else "│" if lane else " " for place, lane in enumerate(lanes)]
    return " ".join(cells).rstrip()


def _through_row(lanes: Sequence[str | None]) -> str:
    return " ".join("│" if lane else " " for lane in lanes).rstrip()


def _fork_row(before: Sequence[str | None], after: Sequence[str | None], column: int, columns: list[int]) -> str:
    """From the column of a vertex to those of its successors. Lanes that are only crossed continue: `─│─`."""
    left, right = min(column, columns[0]), max(column, columns[-1])
    row = []
    for place, lane in enumerate(after):
        existed = place < len(before) and before[place] is not None
        joins = place == column or place in columns
        if left <= place <= right and (joins or lane is None):
            stroke = _LEFT * (place > left) | _RIGHT * (place < right)
            stroke |= _UP * (existed or place == column) | _DOWN * (lane is not None)
            row.append(_STROKES[stroke])
        else:
            row.append("│" if lane else " ")
        row.append("─" if left <= place < right else " ")
    return "".join(row).rstrip()
