"""Appends events to a run's log: one process, one file, never rewritten (docs/design.md, The run log)."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from engine.log.codec import encode
from engine.log.events import Event, Record

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of real runs."""
    return datetime.now(timezone.utc)


def timestamp(moment: datetime) -> str:
    """ISO-8601 UTC with milliseconds, as in `ts`."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class LogWriter:
    """Writes the log of a new run. Raises OSError where the disk does; FileExistsError where the run id is taken."""

    def __init__(self, path: Path, run_id: str, clock: Clock = utc_now, mask: Callable[[bytes], bytes] = bytes) -> None:
        self.run_id = run_id
        self._clock = clock
        self._mask = mask
        self._seq = 0
        self._unsynced = False
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        _sync_folder(path.parent)

    def append(self, event: Event) -> Record:
        """Give `event` its place and time and write its line. It is durable only after `sync`."""
        record = Record(seq=self._seq, ts=timestamp(self._clock()), run_id=self.run_id, event=event)
        line = memoryview(self._mask(encode(record)))
        while line:
            line = line[os.write(self._fd, line) :]
        self._seq += 1
        self._unsynced = True
        return record

    def sync(self) -> None:
        """Make all that was appended survive a power loss."""
        if self._unsynced:
            os.fdatasync(self._fd) if hasattr(os, "fdatasync") else os.fsync(self._fd)
            self._unsynced = False

    def close(self) -> None:
        """Sync and let go of the file."""
        if self._fd >= 0:
            self.sync()
            os.close(self._fd)
            self._fd = -1


def _sync_folder(folder: Path) -> None:
    """Without this a power loss can take the new file's name, and with it every line that was synced."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
