"""Tables in colour, with cells that wrap (engine.cli.output.columns: how wide their columns are)."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.cli.output.columns import GAP, PIPED_WIDTH, Column, fitted
from engine.cli.output.console import VisibleConsole


def terminal() -> Console:
    """The console for tables: as wide as the terminal, wide enough for most where there is none."""
    return VisibleConsole(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)


def print_table(console: Console, columns: Sequence[Column], rows: Sequence[Sequence[Text | str]]) -> None:
    """Print the rows below the headings of the columns, without columns that are empty throughout."""
    cells = [[Text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    natural = {
        at: max(cell_len(column.heading), *(row[at].cell_len for row in cells))
        for at, column in enumerate(columns)
        if any(row[at].plain for row in cells)
    }
    widths = fitted(columns, natural, console.width)
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    for at, width in widths.items():
        wraps = columns[at].wraps
        table.add_column(columns[at].heading, width=width, no_wrap=not wraps, overflow="fold" if wraps else "ellipsis")
    for row in cells:
        table.add_row(*(row[at] for at in widths))
    console.print(table)
