"""Finds the run to resume, and the runs that it resumed, by their logs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.log.events.events import RunStarted
from engine.log.reading.reader import Log, UnreadableLogError, read_log
from engine.log.reading.view import fold
from engine.log.storage.lock import is_held
from engine.log.storage.run_store import RunNotFoundError, RunStore, is_run_id

LATEST = "latest"

ReadLog = Callable[[Path], Log]
"""Reads a log. Raises as `read_log` does."""


class RunRefusedError(Exception):
    """The run cannot begin; nothing was started or written. The message is for the user."""


def find_logs(store: RunStore, wanted: str, *, force: bool = False, read_log: ReadLog = read_log) -> tuple[Log, ...]:
    """The log of the run to resume, and those of the runs that it resumed, newest first. Raises RunRefusedError."""
    try:
        run_id = latest(store) if wanted == LATEST else store.find(wanted)
        if not force and is_running(store, run_id):
            raise RunRefusedError(_still_running(store, run_id, wanted))
        log = read_log(store.log(run_id))
        if log.started.kind is not None:
            raise RunRefusedError(_isolated(run_id, log.started))
        return log, *_resumed_logs(store, log, read_log)
    except (RunNotFoundError, UnreadableLogError) as error:
        raise RunRefusedError(str(error)) from error
    except OSError as error:
        raise RunRefusedError(f"the run log cannot be read: {error}") from error


def _isolated(run_id: str, started: RunStarted) -> str:
    original = started.original_run_id or ""
    return (
        f"run {run_id} is isolated: it ran only {started.address} on what run {original} had recorded, so there is "
        f"nothing to resume. Resume the original: oe resume {original[:8]}"
    )


def _resumed_logs(store: RunStore, log: Log, read_log: ReadLog) -> Iterator[Log]:
    """The logs of the runs that were resumed, as far as they exist; `log` is complete without them."""
    seen = {log.records[0].run_id}
    resumed_id = log.started.original_run_id
    while resumed_id is not None and is_run_id(resumed_id) and resumed_id not in seen:
        seen.add(resumed_id)
        try:
            older = read_log(store.log(resumed_id))
        except (UnreadableLogError, OSError):
            break
        yield older
        resumed_id = older.started.original_run_id


def latest(store: RunStore) -> str:
    """The run that began last, running or not; isolated ones do not count. Raises RunNotFoundError if there is none."""
    ids = store.whole_run_ids()
    if not ids:
        raise RunNotFoundError(f"there is no run to resume in {store.runs}. `oe run` starts one.")
    return ids[0]


def _still_running(store: RunStore, run_id: str, wanted: str) -> str:
    """Why a run is not resumed, and the remedies; for `latest`, also the run before it."""
    ways = ["Wait for its end", f"cancel it with `oe cancel {run_id[:8]}`"]
    if wanted == LATEST:
        before = (other for other in store.whole_run_ids() if not is_running(store, other))
        ways += [f"resume the one before it with `oe resume {other[:8]}`" for other in itertools.islice(before, 1)]
    which = f"the latest run, {run_id}," if wanted == LATEST else f"run {run_id}"
    return f"{which} is still running. {', '.join(ways)}, or pass --force."


def is_running(store: RunStore, run_id: str) -> bool:
    """Whether the writer of the run is alive and has not written its end."""
    if not is_held(store.lock(run_id)):
        return False
    try:
        return fold(read_log(store.log(run_id)).records).finished is None
    except (UnreadableLogError, OSError):
        return True
