"""What every contender prints. Standard library only, since each contender has an interpreter of its own."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """One timed run: from the call that starts it to its end; building the graph is not part of it.

    `bytes` is what lies on disk afterwards; `durability` says when a finished step survives a power loss.
    """

    seconds: float
    bytes: int
    durability: str


@dataclass(frozen=True)
class Resumed:
    """One timed resume of N steps of which all but the last had ended: from the call that resumes to the whole's end.

    `executed` is how many steps ran again.
    """

    seconds: float
    executed: int


def command_line() -> tuple[str, int, Path]:
    """SHAPE, N and FOLDER as they were given."""
    _, shape, n, folder = sys.argv
    return shape, int(n), Path(folder)


def say(measured: Measured | Resumed) -> None:
    """Print it, as the last line."""
    print(json.dumps(asdict(measured)))


def size_of(folder: Path, pattern: str) -> int:
    """The bytes of the files in `folder` that match."""
    return sum(path.stat().st_size for path in folder.rglob(pattern) if path.is_file())


def sqlite_durability(journal: str, synchronous: int) -> str:
    """What SQLite's two settings promise."""
    synced = {0: "never synced", 1: "synced at checkpoints", 2: "synced", 3: "synced"}[synchronous]
    return f"SQLite commit per step, {journal} journal, {synced}"
