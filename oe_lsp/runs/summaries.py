"""Summaries of the runs in a folder, from the index that `oe runs` uses, and the fold of one run's log."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from engine.log.reading.index import read_summaries
from engine.log.reading.reader import UnreadableLogError, read_log
from engine.log.reading.summary import RunSummary, summarise
from engine.log.reading.view import RunView, fold
from engine.log.storage.lock import is_held
from engine.log.storage.run_store import RunStore


def newest_runs(
    store: RunStore, limit: int, known: Mapping[str, RunSummary], file_name: str | None = None
) -> list[RunSummary]:
    """The latest runs whose logs are readable, newest first. Logs of `known` runs are not read.

    With `file_name`, only runs of the experience in that file; older logs do not say, and count, too. Blocking. Raises
    OSError where the folder cannot be read.
    """
    return _readable(store, store.run_ids(), limit, known, file_name)


def newest_whole_runs(
    store: RunStore, limit: int, known: Mapping[str, RunSummary], file_name: str | None = None
) -> list[RunSummary]:
    """As `newest_runs`, without isolated runs of one node, which cannot be resumed."""
    return _readable(store, store.whole_run_ids(), limit, known, file_name)


def _readable(
    store: RunStore, ids: list[str], limit: int, known: Mapping[str, RunSummary], file_name: str | None
) -> list[RunSummary]:
    """The first `limit` of these runs that can be listed: one that cannot hides none that comes after it."""
    found: list[RunSummary] = []
    while ids and len(found) < limit:
        batch, ids = ids[: limit - len(found)], ids[limit - len(found) :]
        found += (
            run for run in _summaries(store, batch, known) if file_name is None or run.file_name in ("", file_name)
        )
    return found


def _summaries(store: RunStore, ids: list[str], known: Mapping[str, RunSummary]) -> list[RunSummary]:
    found = read_summaries(store, [run_id for run_id in ids if run_id not in known])
    summaries = {**known, **{run.run_id: run for run in found}}
    return [summaries[run_id] for run_id in ids if run_id in summaries]


def read_run(store: RunStore, run_id: str) -> tuple[RunSummary, RunView]:
    """A run and the fold of its log. Blocking. Raises UnreadableLogError and OSError."""
    alive = is_held(store.lock(run_id))
    view = fold(read_log(store.log(run_id)).records)
    summary = summarise(view, alive=alive)
    if summary is None:
        raise UnreadableLogError(f"the log of run {run_id} does not begin with run.started")
    return replace(summary, run_id=run_id), view  # the log may have another id
