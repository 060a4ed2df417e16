"""Which runs a folder holds, and in which order they began. Imports next to nothing: `oe runs` begins here."""

from __future__ import annotations

import os
import re
from functools import lru_cache

from engine.log.events.timestamps import moment
from engine.log.storage.safe_open import open_own, refuse_links

RUNS_FOLDER = "runs"
RUN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

_LOG = ".jsonl"
_BEGINNING = re.compile(
    rb'\{"type":"run\.started","seq":0,"ts":"([0-9T:.Z+-]{1,40})","runId":"[^"]{1,40}","v":\d+(?:,"order":(\d{1,15})\b)?'
)
_BEGINNING_BYTES = 256

Began = tuple[int, float]
"""The place in the order of runs, 0 where an older oe wrote the log; and the time in seconds."""


def run_ids(runs: str | os.PathLike[str]) -> list[str]:
    """The ids of all runs whose logs are in the folder `runs`; none where there is no such folder.

    Raises OSError where the folder cannot be read, or a symbolic link is in its place or above it.
    """
    return [_id_in(log) for log in _logs(runs)]


def newest_runs(runs: str | os.PathLike[str]) -> list[str]:
    """As `run_ids`, the run that began last first, whatever the clock said. Reads the beginning of each log once."""
    return [_id_in(log) for log in sorted(_logs(runs), key=_age_order, reverse=True)]


def _logs(runs: str | os.PathLike[str]) -> list[os.DirEntry[str]]:
    refuse_links(runs)
    try:
        with os.scandir(runs) as entries:
            return [entry for entry in entries if entry.name.endswith(_LOG) and RUN_ID.fullmatch(_id_in(entry))]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _id_in(log: os.DirEntry[str]) -> str:
    return log.name[: -len(_LOG)]


def _age_order(log: os.DirEntry[str]) -> tuple[int, float, str]:
    try:
        began = _began(log.path, log.inode()) or (0, log.stat().st_mtime)
    except OSError:
        began = (0, 0)
    return *began, log.name


@lru_cache(maxsize=4096)
def _began(path: str, inode: int) -> Began | None:  # noqa: ARG001 - a log never changes its first line, but may be replaced
    """What the first line of a log says; None where no oe wrote it like that. Raises OSError."""
    with open_own(path) as file:
        found = _BEGINNING.match(file.read(_BEGINNING_BYTES))
    if found is None:
        return None
    try:
        return int(found[2] or 0), moment(found[1].decode()).timestamp()
    except (ValueError, OverflowError):
        return None
