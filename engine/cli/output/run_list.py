"""Runs as `oe runs` prints them, for machines or for people. Pure, and imports next to nothing: most of what `oe runs`
takes are imports.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from engine.cli.output.columns import GAP, Column, fitted
from engine.log.events.timestamps import moment
from engine.log.humanize import age, duration, failed_items_text, named_counts_text
from engine.visible import visible, visible_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from engine.log.reading.index_file import Shown

_COLUMNS = (
    Column("run"),
    Column("status", narrowest=9),
    Column("started", rank=1),
    Column("nodes", rank=2),
    Column("duration", rank=3),
    Column("spent", rank=5),
    Column("inherited", rank=7),
    Column("with resumed", rank=6),
    Column("resumes", rank=4),
)
_LINE_BREAKS = str.maketrans("\t\n", "␉␊")
_WIDE = frozenset("WF")


def list_for_machines(runs: Sequence[Shown]) -> str:
    """One JSON document, with a line break after it."""
    return visible_json(json.dumps(runs, indent=2, ensure_ascii=False)) + "\n"


def list_for_people(runs: Sequence[Shown], now: datetime, room: int) -> str:
    """A line for each run below one of headings; with `room` for so many characters in a line."""
    rows = [[visible(cell).translate(_LINE_BREAKS) for cell in _cells(run, now)] for run in runs]
    natural = {
        at: max(_width(cell) for cell in (column.heading, *(row[at] for row in rows)))
        for at, column in enumerate(_COLUMNS)
        if any(row[at] for row in rows)
    }
    widths = fitted(_COLUMNS, natural, room)
    lines = [[column.heading for column in _COLUMNS], *rows]
    return "".join(
        (" " * GAP).join(_padded(line[at], width) for at, width in widths.items()).rstrip() + "\n" for line in lines
    )


def _cells(run: Shown, now: datetime) -> tuple[str, ...]:
    return (
        run["runId"][:8],
        _status(run),
        age(moment(run["startedAt"]), now),
        named_counts_text(run["counts"]),
        "" if run["durationMs"] is None else duration(run["durationMs"]),
        _cost(run["spent"]["costUsd"]),
        _cost(run["inherited"]["costUsd"]),
        _cost(run["lineage"]["costUsd"]) if run["originalRunId"] else "",
        (run["originalRunId"] or "")[:8],
    )


def _status(run: Shown) -> str:
    if run["failedAt"]:
        return f"{run['status']} at {run['failedAt']}"
    items = run["failedItems"]
    said = failed_items_text(items["failed"], items["total"]) if run["status"] == "success" else ""
    return f"{run['status']}, {said}" if said else str(run["status"])


def _cost(usd: float | None) -> str:
    if usd is None:
        return "unknown"
    return f"${usd:.4f}" if usd else ""


def _padded(cell: str, width: int) -> str:
    """The cell in just this width: filled with spaces, or cut."""
    while (over := _width(cell) - width) > 0:
        cell = cell[: -over - 1] + "…"
    return cell + " " * -over


def _width(text: str) -> int:
    """The columns that a terminal shows a text in."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in _WIDE else 1 for letter in text)
