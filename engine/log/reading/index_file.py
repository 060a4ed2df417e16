"""`.openexpertise/runs.index`: for each log a line with what `oe runs --json` shows of it. Imports next to nothing, and
looks into no line before it is asked for; what a log comes to, and when a line is written, is index.py's business.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable

from engine.log.events.timestamps import moment
from engine.log.storage.lock_probe import is_held
from engine.log.storage.run_files import RUNS_FOLDER
from engine.log.storage.safe_open import read_own

TYPE_CHECKING = False  # importing typing would cost as much as all that is done here
if TYPE_CHECKING:
    from typing import Any

    Shown = dict[str, Any]
    """A run as one object of `oe runs --json`."""

FILE = "runs.index"
HEADER = b'{"v":3}'

Stamp = tuple[int, int, int]
"""Size, time and inode: what a log that is only ever appended to, or put back, cannot keep when it changes."""

_MOST_BYTES = 64 * 1024 * 1024
_ID = slice(0, 36)
_OPEN = "interrupted"  # or running: that, its lock tells
_STATUSES = frozenset({"success", "failure", "cancelled", "waiting", _OPEN})

_MAYBE_TEXT = (str, type(None))
_MAYBE_NUMBER = (int, float, type(None))
_SUMS = {"costUsd": _MAYBE_NUMBER, "tokensIn": int, "tokensOut": int}
_SHOWN = {
    "runId": str,
    "status": str,
    "experience": str,
    "fileName": str,
    "startedAt": str,
    "lastEventAt": str,
    "counts": dict.fromkeys(("completed", "cached", "failed", "skipped", "cancelled"), int),
    "nodes": int,
    "failedItems": {"failed": int, "total": int},
    "durationMs": _MAYBE_NUMBER,
    "failedAt": _MAYBE_TEXT,
    "error": (dict, type(None)),
    "reason": _MAYBE_TEXT,
    "costUsd": _MAYBE_NUMBER,
    "spent": _SUMS,
    "inherited": _SUMS,
    "lineage": _SUMS,
    "originalRunId": _MAYBE_TEXT,
}


class IndexFile:
    """The lines of the file at `path`; none where there is no such file, or one of another version."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.lines = _lines(path)

    def entry(self, run_id: str) -> tuple[Stamp, Shown | None] | None:
        """What was kept for a run: its log's stamp, and what the log came to, None where it could not be read.

        None where there is no line for it, or one that is damaged.
        """
        line = self.lines.get(run_id.encode())
        try:
            return None if line is None else _decoded(run_id, line)
        except (ValueError, TypeError, RecursionError):
            return None


def line_of(run_id: str, stamp: Stamp, shown: Shown | None) -> bytes:
    """What `IndexFile.lines` holds for a run."""
    text = json.dumps([*stamp, shown]).encode()
    return b"%08x\t%b" % (_checksum(run_id, text), text)


def stamp_of(log: str | os.PathLike[str]) -> Stamp:
    """The stamp of a log as it is now. Raises OSError."""
    status = os.lstat(log)
    return status.st_size, status.st_mtime_ns, status.st_ino


def runs_that_stand(data: str, run_ids: Iterable[str]) -> list[Shown] | None:
    """These runs as the index in the data folder knows them.

    None where it does not do: a log is new, changed, cannot be read or goes on.
    """
    runs = os.path.join(data, RUNS_FOLDER)
    index = IndexFile(os.path.join(data, FILE))
    found = []
    for run_id in run_ids:
        beginning = os.path.join(runs, run_id)
        entry = index.entry(run_id)
        try:
            if entry is None or entry[1] is None or entry[0] != stamp_of(f"{beginning}.jsonl"):
                return None
        except OSError:
            return None
        if entry[1]["status"] == _OPEN and is_held(f"{beginning}.lock"):
            return None
        found.append(entry[1])
    return found


def _lines(path: str | os.PathLike[str]) -> dict[bytes, bytes]:
    try:
        header, *lines = read_own(path, _MOST_BYTES).split(b"\n")
    except OSError:
        return {}
    if header != HEADER:
        return {}
    return {line[_ID]: line[_ID.stop + 1 :] for line in lines if line[_ID.stop : _ID.stop + 1] == b"\t"}


def _checksum(run_id: str, text: bytes) -> int:
    return zlib.crc32(run_id.encode() + text)


def _decoded(run_id: str, line: bytes) -> tuple[Stamp, Shown | None]:
    """Raises ValueError, TypeError or RecursionError where the line is not what `line_of` made."""
    checksum, _, text = line.partition(b"\t")
    if int(checksum, 16) != _checksum(run_id, text):
        raise ValueError("a damaged line")
    size, mtime_ns, inode, shown = json.loads(text)
    if b"\\ud" in text:
        json.dumps(shown, ensure_ascii=False).encode()  # raises where half a pair of surrogates stands alone
    if shown is not None and not _is_run(run_id, shown):  # the checksum tells what was damaged, not who wrote it
        raise TypeError("no run")
    return (size, mtime_ns, inode), shown


def _is_run(run_id: str, shown: Shown) -> bool:
    """Raises ValueError where a moment is none."""
    is_run = _has_shape(shown, _SHOWN) and shown["runId"] == run_id and shown["status"] in _STATUSES
    return is_run and bool(moment(shown["startedAt"]))


def _has_shape(value: object, shape: object) -> bool:
    """Whether a value is of a type (or one of some types), or an object of just such values."""
    if not isinstance(shape, dict):
        return isinstance(value, shape)  # type: ignore[arg-type]  # a shape is a type, or several
    if not isinstance(value, dict) or value.keys() != shape.keys():
        return False
    return all(_has_shape(value[key], kind) for key, kind in shape.items())
