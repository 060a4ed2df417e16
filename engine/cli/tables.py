"""Tables of the terminal: on a narrow one the columns that matter least are left out, so that the others stay whole."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.cli.console import VisibleConsole

_PIPED_WIDTH = 200
_GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `rank` says how early it is left out (0: never), `narrowest` what it may shrink to (None: not at all).

    What does not fit into a column that shrank is cut, or goes on below where it `wraps`.
    """

    heading: str
    rank: int = 0
    narrowest: int | None = None
    wraps: bool = False


def terminal() -> Console:
    """The console for tables: as wide as the terminal, wide enough for most where there is none."""
    return VisibleConsole(highlight=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH)


def print_table(console: Console, columns: Sequence[Column], rows: Sequence[Sequence[Text | str]]) -> None:
    """Print the rows below the headings of the columns, without columns that are empty throughout."""
    cells = [[Text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    widths = _widths(columns, cells, console.width)
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    for at, width in widths.items():
        wraps = columns[at].wraps
        table.add_column(columns[at].heading, width=width, no_wrap=not wraps, overflow="fold" if wraps else "ellipsis")
    for row in cells:
        table.add_row(*(row[at] for at in widths))
    console.print(table)


def _widths(columns: Sequence[Column], cells: Sequence[Sequence[Text]], room: int) -> dict[int, int]:
    """The columns that are shown, by their place, and how wide each of them is."""
    natural = {
        at: max(cell_len(column.heading), *(row[at].cell_len for row in cells))
        for at, column in enumerate(columns)
        if any(row[at].plain for row in cells)
    }
    least = {at: min(width, columns[at].narrowest or width) for at, width in natural.items()}
    while sum(least.values()) + _GAP * (len(least) - 1) > room and any(columns[at].rank for at in least):
        del least[max(least, key=lambda at: columns[at].rank)]
    left = room - sum(least.values()) - _GAP * (len(least) - 1)
    for waiting, at in enumerate(sorted(least, key=lambda at: natural[at] - least[at]), 1):
        more = min(natural[at] - least[at], max(0, left) // (len(least) - waiting + 1))
        least[at] += more
        left -= more
    return least
