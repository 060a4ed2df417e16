"""Tables for terminals. On a narrow one the least important columns are left out, so that the others stay whole."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from unicodedata import combining, east_asian_width

from msgspec import Struct

from engine.visible import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_GAP = 2
_PIPED_WIDTH = 200
"""Wide enough for most tables where there is no terminal."""

_LINE_BREAKS = str.maketrans("\t\n", "␉␊")
_WIDE = frozenset("WF")


class Column(Struct, frozen=True):
    """A column. `rank`: how early it is left out, 0 for never. `narrowest`: the width that it may shrink to, if any.

    A cell that is wider than its column is cut, or wrapped where the column `wraps`.
    """

    heading: str
    rank: int = 0
    narrowest: int | None = None
    wraps: bool = False


def output_width() -> int:
    """The columns of the terminal that stdout is, or enough for most tables where it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _PIPED_WIDTH


def plain_table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> str:
    """The rows below the headings as text of at most `width` columns, a line for each row, without empty columns."""
    cells = [[visible(cell).translate(_LINE_BREAKS) for cell in row] for row in rows]
    natural = {
        at: max(_width(cell) for cell in (column.heading, *(row[at] for row in cells)))
        for at, column in enumerate(columns)
        if any(row[at] for row in cells)
    }
    widths = column_widths(columns, natural, width)
    lines = [[column.heading for column in columns], *cells]
    return "".join(
        (" " * _GAP).join(_padded(line[at], width) for at, width in widths.items()).rstrip() + "\n" for line in lines
    )


def console() -> Console:
    """A console for tables with colours."""
    from engine.cli.output.console import VisibleConsole

    return VisibleConsole(highlight=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH)


def print_table(console: Console, columns: Sequence[Column], rows: Sequence[Sequence[Text | str]]) -> None:
    """Print the rows below the headings, in colour and with cells that wrap, without empty columns."""
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    cells = [[Text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    natural = {
        at: max(cell_len(column.heading), *(row[at].cell_len for row in cells))
        for at, column in enumerate(columns)
        if any(row[at].plain for row in cells)
    }
    widths = column_widths(columns, natural, console.width)
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    for at, width in widths.items():
        wraps = columns[at].wraps
        table.add_column(columns[at].heading, width=width, no_wrap=not wraps, overflow="fold" if wraps else "ellipsis")
    for row in cells:
        table.add_row(*(row[at] for at in widths))
    console.print(table)


def column_widths(columns: Sequence[Column], natural: Mapping[int, int], room: int) -> dict[int, int]:
    """The widths of the columns that are shown, by their index. `natural` has the width that each non-empty column
    needs, `room` is the width of the terminal.
    """
    widths = {at: min(width, columns[at].narrowest or width) for at, width in natural.items()}
    while sum(widths.values()) + _GAP * (len(widths) - 1) > room and any(columns[at].rank for at in widths):
        del widths[max(widths, key=lambda at: columns[at].rank)]
    left = room - sum(widths.values()) - _GAP * (len(widths) - 1)
    for done, at in enumerate(sorted(widths, key=lambda at: natural[at] - widths[at])):
        more = min(natural[at] - widths[at], max(0, left) // (len(widths) - done))
        widths[at] += more
        left -= more
    return widths


def _padded(cell: str, width: int) -> str:
    """The cell in exactly this width: filled with spaces, or cut."""
    while (over := _width(cell) - width) > 0:
        cell = cell[: -over - 1] + "…"
    return cell + " " * -over


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in _WIDE else 1 for letter in text)
