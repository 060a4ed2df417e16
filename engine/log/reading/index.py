"""Lists runs quickly: keeps the summary of each log in `.openexpertise/runs.index` until the log changes.

The index is disposable: lines that are missing, damaged, out of date or of another version are read from the logs.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from engine.log.events.events import RunFinished
from engine.log.reading.head_tail import mentions_failed_items, read_ends
from engine.log.reading.index_file import FILE, HEADER, IndexFile, Stamp, line_of, stamp_of
from engine.log.reading.reader import UnreadableLogError, read_log
from engine.log.reading.summary import RunState, RunSummary, summarise
from engine.log.reading.summary_json import summary_from_json, summary_to_json
from engine.log.reading.view import fold
from engine.log.storage.lock import is_held
from engine.log.storage.run_store import RunStore


class _Entry(Struct, frozen=True):
    """The summary of a log at a stamp: None where the log could not be read, interrupted where it has no end.

    Whether a run without an end is running, its lock tells.
    """

    stamp: Stamp
    summary: RunSummary | None


def read_summaries(store: RunStore, run_ids: Iterable[str]) -> list[RunSummary]:
    """The summaries of these runs, in this order, without those whose logs cannot be read. Updates the index."""
    index = IndexFile(store.data / FILE)
    updates: dict[str, _Entry] = {}
    summaries: list[RunSummary] = []
    for run_id in run_ids:
        with contextlib.suppress(OSError):
            known = _known(index, run_id)
            entry, alive = _look(store, run_id, known)
            if entry is not known and not alive:
                updates[run_id] = entry
            if entry.summary is not None:
                summaries.append(replace(entry.summary, state=RunState.RUNNING) if alive else entry.summary)
    if updates:
        _save(updates, store)
    return summaries


def _known(index: IndexFile, run_id: str) -> _Entry | None:
    entry = index.entry(run_id)
    if entry is None:
        return None
    stamp, run = entry
    try:
        summary = None if run is None else summary_from_json(run)
    except ValueError:
        return None
    return _Entry(stamp, summary) if summary is None or summary.run_id == run_id else None


def _look(store: RunStore, run_id: str, known: _Entry | None) -> tuple[_Entry, bool]:
    """The entry for a run's log, and whether the run is running. Raises OSError."""
    log = store.log(run_id)
    if known is not None and known.stamp == stamp_of(log) and (known.summary is None or known.summary.has_ended):
        return known, False
    # The lock first: a run that ends in between then counts as ended, not as interrupted.
    alive = is_held(store.lock(run_id))
    stamp = stamp_of(log)
    entry = known if known is not None and known.stamp == stamp else _Entry(stamp, _read(log, run_id))
    return entry, alive and entry.summary is not None and not entry.summary.has_ended


def _read(log: Path, run_id: str) -> RunSummary | None:
    """The summary of a log, from its first and last line where they suffice. Raises OSError."""
    try:
        ends = read_ends(log)
        view = fold(ends.records)
        summary = summarise(view, alive=False)
        if view.finished is None or summary is None or not _suffices(view.finished, summary, log):
            summary = summarise(fold(read_log(log).records), alive=False)
    except UnreadableLogError:
        return None
    return None if summary is None else replace(summary, run_id=run_id)  # the log may name another one


def _suffices(finished: RunFinished, summary: RunSummary, log: Path) -> bool:
    """Whether the last line of a log holds all that a summary needs; in older logs it may not. Raises OSError."""
    if summary.counts.failed and summary.failed_at is None:
        return False
    is_older = finished.failed_items is None and summary.state is RunState.SUCCESS
    return not (is_older and mentions_failed_items(log))


def _save(updates: Mapping[str, _Entry], store: RunStore) -> None:
    """Add the updates to the index as it is now, and drop logs that are gone. Failing to write is no error."""
    path = store.data / FILE
    lines = IndexFile(path).lines
    for run_id, entry in updates.items():
        run = None if entry.summary is None else summary_to_json(entry.summary)
        lines[run_id.encode()] = line_of(run_id, entry.stamp, run)
    existing = {run_id.encode() for run_id in store.known_ids()}
    content = [HEADER, *(run_id + b"\t" + line for run_id, line in lines.items() if run_id in existing)]
    unfinished = path.with_name(f"{FILE}.{uuid.uuid4().hex}.tmp")
    with contextlib.suppress(OSError):
        try:
            unfinished.touch(mode=0o600)
            unfinished.write_bytes(b"\n".join(content) + b"\n")
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
