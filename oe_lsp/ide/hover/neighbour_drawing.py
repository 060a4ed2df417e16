"""Draws a vertex between its predecessors and successors, as text."""

from __future__ import annotations

from collections.abc import Sequence

_MOST = 6


def drawing(before: Sequence[str], id_: str, after: Sequence[str]) -> str:
    """Draw predecessors on the left and successors on the right, at most six of each, joined by lines."""
    left, right = _shortened(before), _shortened(after)
    middle = max(_center(left), _center(right))
    height = max(middle - _center(names) + len(names) for names in (left, right, [id_]))
    width = max((len(name) for name in left), default=0)
    return "\n".join(
        (
            _left(left, row - middle + _center(left), width)
            + (id_ if row == middle else " " * len(id_))
            + _right(right, row - middle + _center(right))
        ).rstrip()
        for row in range(height)
    )


def _shortened(names: Sequence[str]) -> list[str]:
    return list(names) if len(names) <= _MOST else [*names[: _MOST - 1], f"… {len(names) - _MOST + 1} more"]


def _center(names: Sequence[str]) -> int:
    return max(len(names) - 1, 0) // 2


def _left(names: Sequence[str], row: int, width: int) -> str:
    if not names:
        return ""
    if not 0 <= row < len(names):
        return " " * (width + 5)
    if len(names) == 1:
        return f"{names[row]:<{width}} ──▶ "
    joint = _joint(row, len(names), "┐┤┘")
    return f"{names[row]:<{width}} ─{joint}▶ " if row == _center(names) else f"{names[row]:<{width}} ─{joint}  "


def _right(names: Sequence[str], row: int) -> str:
    if not 0 <= row < len(names):
        return ""
    if len(names) == 1:
        return f" ──▶ {names[row]}"
    return f" {'─' if row == _center(names) else ' '}{_joint(row, len(names), '┌├└')}▶ {names[row]}"


def _joint(row: int, count: int, corners: str) -> str:
    """Return the joint of a row with the vertical line; the middle row continues to both sides."""
    if row == (count - 1) // 2:
        return "┬" if row == 0 else "┼"
    return corners[0] if row == 0 else corners[2] if row == count - 1 else corners[1]
