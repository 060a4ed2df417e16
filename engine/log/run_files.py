"""Which runs a folder holds, as the names of its files tell. Imports next to nothing: `oe runs` begins here."""

from __future__ import annotations

import os
import re

from engine.log.own_files import refuse_links

RUNS_FOLDER = "runs"
RUN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

_LOG = ".jsonl"


def newest_runs(runs: str | os.PathLike[str]) -> list[str]:
    """The ids of all runs whose logs are in the folder `runs`, the most recently written first.

    Raises OSError where a symbolic link is in its place, or above it.
    """
    refuse_links(runs)
    try:
        with os.scandir(runs) as entries:
            logs = [entry for entry in entries if entry.name.endswith(_LOG) and RUN_ID.fullmatch(_id_in(entry))]
    except OSError:
        return []
    return [_id_in(log) for log in sorted(logs, key=_age_order, reverse=True)]


def _id_in(log: os.DirEntry[str]) -> str:
    return log.name[: -len(_LOG)]


def _age_order(log: os.DirEntry[str]) -> tuple[int, str]:
    try:
        return log.stat().st_mtime_ns, log.name
    except OSError:
        return 0, log.name
