"""Cuts a list into pages."""


def page(rows: list[str], number: int, size: int = 20) -> list[str]:
    """Return page `number`, counted from 1."""
    start = number * size
    return rows[start : start + size]


def average_length(rows: list[str]) -> float:
    """Return the mean length of the rows."""
    return sum(len(row) for row in rows) / len(rows)
