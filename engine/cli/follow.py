"""`oe inspect --follow`: reports a run that is running in another process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from engine.cli.log_options import LogOptions
from engine.cli.options import OeError
from engine.cli.output.reporter import EXIT_CODES, RunEnd
from engine.cli.output.select_reporter import select_reporter
from engine.collector import collect_from_now_on
from engine.log.events.events import Record, RunFinished, RunStarted
from engine.log.reading.reader import LogTail, UnreadableLogError
from engine.log.storage.lock import is_held
from engine.log.storage.run_store import RunStore
from engine.log.storage.watchable import watchable

_POLL_MS = 1_000


def follow_run(store: RunStore, run_id: str, log: LogOptions) -> int:
    """Report the run from its first event to its end, and return its exit code.

    Ctrl-C ends the reporting, not the run. Raises OeError if the log cannot be read or the run is interrupted.
    """
    collect_from_now_on()
    original: str | None = None
    with contextlib.closing(select_reporter(log)) as reporter:
        try:
            for record in _records(store, run_id):
                reporter.record(record)
                if isinstance(record.event, RunStarted):
                    original = record.event.original_run_id
                if isinstance(record.event, RunFinished):
                    reporter.ended(RunEnd(run_id, record.event, store.directory, original, {}))
                    return EXIT_CODES[record.event.status]
        except (UnreadableLogError, OSError) as error:
            raise OeError(str(error)) from error
        except KeyboardInterrupt:
            return 130
    raise OeError(f"run {run_id} was interrupted: its process is dead. Resume with: oe resume {run_id}")


def _records(store: RunStore, run_id: str) -> Iterator[Record]:
    """The records so far, then new ones as they are written, until the writer has let go of the lock."""
    tail = LogTail(store.log(run_id))
    yield from tail.poll()
    if not is_held(store.lock(run_id)):
        yield from tail.poll()
        return
    import watchfiles

    # Also wakes up after a second without a change, to check that the writer is alive.
    with watchable(store.runs) as runs:
        for _ in watchfiles.watch(
            runs, debounce=50, step=20, rust_timeout=_POLL_MS, yield_on_timeout=True, recursive=False
        ):
            alive = is_held(store.lock(run_id))
            yield from tail.poll()
            if not alive:
                return
