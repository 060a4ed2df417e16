"""How wide the columns of a table are: on a narrow terminal those that matter least are left out, so that the others
stay whole. Pure, and imports nothing: `oe runs` needs it.
"""

from __future__ import annotations

from collections.abc import Sequence

GAP = 2
PIPED_WIDTH = 200
"""Wide enough for most, where there is no terminal."""


class Column:
    """A column; `rank` says how early it is left out (0: never), `narrowest` what it may shrink to (None: not at all).

    What does not fit into a column that shrank is cut, or goes on below where it `wraps`.
    """

    __slots__ = ("heading", "narrowest", "rank", "wraps")

    def __init__(self, heading: str, rank: int = 0, narrowest: int | None = None, *, wraps: bool = False) -> None:
        self.heading = heading
        self.rank = rank
        self.narrowest = narrowest
        self.wraps = wraps


def fitted(columns: Sequence[Column], natural: dict[int, int], room: int) -> dict[int, int]:
    """Which columns are shown, by their place, and how wide: `natural` holds what those that are not empty would need,
    `room` is the width of the terminal.
    """
    widths = {at: min(width, columns[at].narrowest or width) for at, width in natural.items()}
    while sum(widths.values()) + GAP * (len(widths) - 1) > room and any(columns[at].rank for at in widths):
        del widths[max(widths, key=lambda at: columns[at].rank)]
    left = room - sum(widths.values()) - GAP * (len(widths) - 1)
    for waiting, at in enumerate(sorted(widths, key=lambda at: natural[at] - widths[at]), 1):
        more = min(natural[at] - widths[at], max(0, left) // (len(widths) - waiting + 1))
        widths[at] += more
        left -= more
    return widths
