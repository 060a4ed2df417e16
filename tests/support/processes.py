"""What tests ask about processes that are not theirs."""

from __future__ import annotations

from pathlib import Path


def gone(pid: int) -> bool:
    """Whether the process has ended; one that nobody waited for yet has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
