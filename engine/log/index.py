"""The list of runs, quickly: what is read of a log is kept in `.openexpertise/runs.index` until the log changes.
Disposable: what is missing there, torn, of another version or out of date is read from the logs again.
"""

from __future__ import annotations

import contextlib
import json
import uuid
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from engine.log.store import RunStore
from engine.log.summary import RunState, RunSummary, moment, summarise
from engine.log.tallies import Counts, ErrorInfo, Location, Sums
from engine.regular_files import read_regular

_FILE = "runs.index"
_MOST_BYTES = 64 * 1024 * 1024
_HEADER = b'{"v":1}'
_ID = slice(0, 36)


class _Stamp(NamedTuple):
    """What a log that is only ever appended to, or put back, cannot keep when it changes."""

    size: int
    mtime_ns: int
    inode: int

    @staticmethod
    def of(log: Path) -> _Stamp:
        status = log.stat()
        return _Stamp(status.st_size, status.st_mtime_ns, status.st_ino)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a log came to when it had this stamp: nothing where it could not be read, interrupted where it has no end.

    That a run without an end is running, its lock tells.
    """

    stamp: _Stamp
    summary: RunSummary | None


def read_summaries(store: RunStore, run_ids: Iterable[str]) -> list[RunSummary]:
    """The summaries of these runs, in this order; a log that cannot be read is left out. Reads and writes files."""
    kept = _Kept(store.data / _FILE)
    learnt: dict[str, _Entry] = {}
    summaries: list[RunSummary] = []
    for run_id in run_ids:
        with contextlib.suppress(OSError):
            known = kept.entry(run_id)
            entry, alive = _look(store, run_id, known)
            if entry is not known and not alive:
                learnt[run_id] = entry
            if entry.summary is not None:
                summaries.append(replace(entry.summary, state=RunState.RUNNING) if alive else entry.summary)
    if learnt:
        kept.add(learnt, store)
    return summaries


def _look(store: RunStore, run_id: str, known: _Entry | None) -> tuple[_Entry, bool]:
    """What the log of a run comes to, and whether it goes on. Raises OSError."""
    log = store.log(run_id)
    if known is not None and known.stamp == _Stamp.of(log) and (known.summary is None or known.summary.has_ended):
        return known, False
    # The lock first: a run that ends in between is then seen ended, not interrupted.
    alive = _is_held(store.lock(run_id))
    stamp = _Stamp.of(log)
    entry = known if known is not None and known.stamp == stamp else _Entry(stamp, _read(log, run_id))
    return entry, alive and entry.summary is not None and not entry.summary.has_ended


def _is_held(lock: Path) -> bool:
    if not lock.exists():
        return False
    from engine.log.lock import is_held

    return is_held(lock)


def _read(log: Path, run_id: str) -> RunSummary | None:
    """The summary of a log, from its ends where they tell enough. Raises OSError."""
    from engine.log.ends import read_ends
    from engine.log.reader import UnreadableLogError, read_log
    from engine.log.view import fold

    try:
        ends = read_ends(log)
        summary = summarise(fold(ends.records), alive=False)
        if ends.finished is None or summary is None or (summary.counts.failed and summary.failed_at is None):
            summary = summarise(fold(read_log(log).records), alive=False)
    except UnreadableLogError:
        return None
    return None if summary is None else replace(summary, run_id=run_id)  # what is in a log may be a stranger's


class _Kept:
    """The file: a line for each run, its id, a checksum, and JSON that is not looked into before it is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = _lines(path)

    def entry(self, run_id: str) -> _Entry | None:
        """What was kept for a run; None where there is nothing that can be read."""
        line = self._lines.get(run_id.encode())
        try:
            return None if line is None else _decode(run_id, json.loads(_checked(run_id, line)))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    def add(self, learnt: Mapping[str, _Entry], store: RunStore) -> None:
        """Keep what was learnt beside what is kept by now, of the logs that exist. A disk that refuses is no error."""
        lines = _lines(self._path)
        for run_id, entry in learnt.items():
            text = json.dumps(_encode(entry)).encode()
            lines[run_id.encode()] = b"%08x\t%b" % (_checksum(run_id, text), text)
        existing = {run_id.encode() for run_id in store.run_ids()}
        whole = [_HEADER, *(run_id + b"\t" + line for run_id, line in lines.items() if run_id in existing)]
        anew = self._path.with_name(f"{_FILE}.{uuid.uuid4().hex}.tmp")
        with contextlib.suppress(OSError):
            try:
                anew.touch(mode=0o600)
                anew.write_bytes(b"\n".join(whole) + b"\n")
                anew.replace(self._path)
            finally:
                anew.unlink(missing_ok=True)


def _lines(path: Path) -> dict[bytes, bytes]:
    try:
        header, *lines = read_regular(path, _MOST_BYTES).split(b"\n")
    except OSError:
        return {}
    if header != _HEADER:
        return {}
    return {line[_ID]: line[_ID.stop + 1 :] for line in lines if line[_ID.stop : _ID.stop + 1] == b"\t"}


def _checksum(run_id: str, text: bytes) -> int:
    return zlib.crc32(run_id.encode() + text)


def _checked(run_id: str, line: bytes) -> bytes:
    """The JSON of a line. Raises ValueError where it is not what was written."""
    checksum, _, text = line.partition(b"\t")
    if int(checksum, 16) != _checksum(run_id, text):
        raise ValueError("a damaged line")
    return text


def _encode(entry: _Entry) -> list[Any]:
    fields = None
    if entry.summary is not None:
        fields = asdict(entry.summary)
        fields.update(state=entry.summary.state.value)
        for name in ("started_at", "last_event_at"):
            fields[name] = fields[name].isoformat()
    return [*entry.stamp, fields]


def _decode(run_id: str, line: Any) -> _Entry:
    """Raises ValueError, TypeError, KeyError or AttributeError where the line is not what `_encode` made."""
    *stamp, fields = line
    if fields is None:
        return _Entry(_Stamp(*stamp), None)
    error = fields["error"]
    summary = RunSummary(
        run_id=run_id,
        state=RunState(fields["state"]),
        experience=_text(fields["experience"]),
        file_name=_text(fields["file_name"]),
        started_at=moment(fields["started_at"]),
        last_event_at=moment(fields["last_event_at"]),
        counts=Counts(**{name: int(number) for name, number in fields["counts"].items()}),
        total=int(fields["total"]),
        duration_ms=_number(fields["duration_ms"]),
        failed_at=_optional_text(fields["failed_at"]),
        error=None if error is None else _error(error),
        reason=_optional_text(fields["reason"]),
        original_run_id=_optional_text(fields["original_run_id"]),
        spent=_sums(fields["spent"]),
        inherited=_sums(fields["inherited"]),
        lineage=_sums(fields["lineage"]),
    )
    return _Entry(_Stamp(*stamp), summary)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"no text: {value!r}")
    return value


def _optional_text(value: object) -> str | None:
    return None if value is None else _text(value)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _sums(fields: Mapping[str, Any]) -> Sums:
    return Sums(_number(fields["cost_usd"]), int(fields["tokens_in"]), int(fields["tokens_out"]))


def _error(fields: Mapping[str, Any]) -> ErrorInfo:
    location = fields["location"]
    where = None if location is None else Location(_text(location["file"]), location["line"])
    return ErrorInfo(_text(fields["type"]), _text(fields["message"]), where)
