"""The list of runs, quickly: what is read of a log is kept in `.openexpertise/runs.index` until the log changes.
Disposable: what is missing there, torn, of another version or out of date is read from the logs again.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from engine.log.reading.index_file import FILE, HEADER, IndexFile, Stamp, line_of, stamp_of
from engine.log.reading.summary import RunState, RunSummary, summarise
from engine.log.reading.summary_json import summary_from_json, summary_to_json
from engine.log.storage.lock_probe import is_held
from engine.log.storage.run_store import RunStore

if TYPE_CHECKING:
    from engine.log.events.events import RunFinished


class _Entry(Struct, frozen=True):
    """What a log came to when it had this stamp: nothing where it could not be read, interrupted where it has no end.

    That a run without an end is running, its lock tells.
    """

    stamp: Stamp
    summary: RunSummary | None


def read_summaries(store: RunStore, run_ids: Iterable[str]) -> list[RunSummary]:
    """The summaries of these runs, in this order; a log that cannot be read is left out. Reads and writes files."""
    index = IndexFile(store.data / FILE)
    learnt: dict[str, _Entry] = {}
    summaries: list[RunSummary] = []
    for run_id in run_ids:
        with contextlib.suppress(OSError):
            known = _known(index, run_id)
            entry, alive = _look(store, run_id, known)
            if entry is not known and not alive:
                learnt[run_id] = entry
            if entry.summary is not None:
                summaries.append(replace(entry.summary, state=RunState.RUNNING) if alive else entry.summary)
    if learnt:
        _keep(learnt, store)
    return summaries


def _known(index: IndexFile, run_id: str) -> _Entry | None:
    entry = index.entry(run_id)
    if entry is None:
        return None
    stamp, shown = entry
    try:
        return _Entry(stamp, None if shown is None else summary_from_json(shown))
    except (ValueError, TypeError, KeyError):
        return None


def _look(store: RunStore, run_id: str, known: _Entry | None) -> tuple[_Entry, bool]:
    """What the log of a run comes to, and whether it goes on. Raises OSError."""
    log = store.log(run_id)
    if known is not None and known.stamp == stamp_of(log) and (known.summary is None or known.summary.has_ended):
        return known, False
    # The lock first: a run that ends in between is then seen ended, not interrupted.
    alive = is_held(store.lock(run_id))
    stamp = stamp_of(log)
    entry = known if known is not None and known.stamp == stamp else _Entry(stamp, _read(log, run_id))
    return entry, alive and entry.summary is not None and not entry.summary.has_ended


def _read(log: Path, run_id: str) -> RunSummary | None:
    """The summary of a log, from its ends where they tell enough. Raises OSError."""
    from engine.log.reading.head_tail import read_ends
    from engine.log.reading.reader import UnreadableLogError, read_log
    from engine.log.reading.view import fold

    try:
        ends = read_ends(log)
        view = fold(ends.records)
        summary = summarise(view, alive=False)
        if view.finished is None or summary is None or not _tells_enough(view.finished, summary, log):
            summary = summarise(fold(read_log(log).records), alive=False)
    except UnreadableLogError:
        return None
    return None if summary is None else replace(summary, run_id=run_id)  # what is in a log may be a stranger's


def _tells_enough(finished: RunFinished, summary: RunSummary, log: Path) -> bool:
    """Whether the last line of a log says all that the lines before it do; in older logs it may not. Raises OSError."""
    from engine.log.reading.head_tail import mentions_failed_items

    if summary.counts.failed and summary.failed_at is None:
        return False
    is_older = finished.failed_items is None and summary.state is RunState.SUCCESS
    return not (is_older and mentions_failed_items(log))


def _keep(learnt: Mapping[str, _Entry], store: RunStore) -> None:
    """Keep what was learnt beside what is kept by now, of the logs that exist. A disk that refuses is no error."""
    path = store.data / FILE
    lines = IndexFile(path).lines
    for run_id, entry in learnt.items():
        shown = None if entry.summary is None else summary_to_json(entry.summary)
        lines[run_id.encode()] = line_of(run_id, entry.stamp, shown)
    existing = {run_id.encode() for run_id in store.known_ids()}
    whole = [HEADER, *(run_id + b"\t" + line for run_id, line in lines.items() if run_id in existing)]
    anew = path.with_name(f"{FILE}.{uuid.uuid4().hex}.tmp")
    with contextlib.suppress(OSError):
        try:
            anew.touch(mode=0o600)
            anew.write_bytes(b"\n".join(whole) + b"\n")
            anew.replace(path)
        finally:
            anew.unlink(missing_ok=True)
