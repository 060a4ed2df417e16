"""Summaries of the runs in a folder, read from their logs only where those changed since the last time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.log.lock import is_held
from engine.log.reader import UnreadableLogError, read_log
from engine.log.store import RunStore
from engine.log.summary import RunState, RunSummary, summarise
from engine.log.view import RunView, fold


@dataclass(frozen=True, slots=True)
class _Cached:
    size: int
    mtime_ns: int
    summary: RunSummary | None


class Summaries:
    """Summaries of runs, cached by the size and time of their logs. Blocking: not for the event loop."""

    def __init__(self) -> None:
        self._cache: dict[Path, _Cached] = {}

    def newest(self, store: RunStore, limit: int, known: Mapping[str, RunSummary]) -> list[RunSummary]:
        """The `limit` runs written last, the last started first. Logs of the runs that are `known` are not read."""
        summaries = (known.get(run_id) or self._summary(store, run_id) for run_id in store.run_ids()[:limit])
        return sorted((run for run in summaries if run is not None), key=lambda run: run.started_at, reverse=True)

    def _summary(self, store: RunStore, run_id: str) -> RunSummary | None:
        # The lock first: a run that ends in between is then seen ended, not interrupted.
        alive = is_held(store.lock(run_id))
        summary = self._cached(store.log(run_id))
        if summary is not None and alive and summary.state is RunState.INTERRUPTED:
            return replace(summary, state=RunState.RUNNING)
        return summary

    def _cached(self, log: Path) -> RunSummary | None:
        try:
            stat = log.stat()
            cached = self._cache.get(log)
            if cached is None or (cached.size, cached.mtime_ns) != (stat.st_size, stat.st_mtime_ns):
                cached = _Cached(stat.st_size, stat.st_mtime_ns, _summarise_log(log))
                self._cache[log] = cached
        except OSError:
            return None
        return cached.summary


def read_run(store: RunStore, run_id: str) -> tuple[RunSummary, RunView]:
    """A run and what its whole log folds to. Blocking. Raises UnreadableLogError and OSError."""
    alive = is_held(store.lock(run_id))
    view = fold(read_log(store.log(run_id)).records)
    summary = summarise(view, alive=alive)
    if summary is None:
        raise UnreadableLogError(f"the log of run {run_id} does not begin with run.started")
    return summary, view


def _summarise_log(log: Path) -> RunSummary | None:
    try:
        return summarise(fold(read_log(log).records), alive=False)
    except UnreadableLogError:
        return None
