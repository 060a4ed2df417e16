"""Appends events to a run's log: one process, one file, never rewritten (docs/design.md, The run log)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from engine.log.codec import decode, encode
from engine.log.events import Event, Record
from engine.log.secrets import Secrets

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of real runs."""
    return datetime.now(timezone.utc)


def timestamp(moment: datetime) -> str:
    """ISO-8601 UTC with milliseconds, as in `ts`."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class LogWriter:
    """Writes the log of a new run. Raises OSError where the disk does; FileExistsError where the run id is taken."""

    def __init__(self, path: Path, run_id: str, secrets: Secrets | None = None, clock: Clock = utc_now) -> None:
        self.run_id = run_id
        self._clock = clock
        self._secrets = secrets or Secrets()
        self._seq = 0
        self._unsynced = False
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        _sync_folder(path.parent)

    def append(self, event: Event) -> Record:
        """Give `event` its place and time and write its line. It is durable only after `sync`.

        Returns the record as the log holds it, with secrets masked.
        """
        record = Record(seq=self._seq, ts=timestamp(self._clock()), run_id=self.run_id, event=event)
        line = encode(record)
        masked = self._secrets.mask(line)
        left = memoryview(masked)
        while left:
            left = left[os.write(self._fd, left) :]
        self._seq += 1
        self._unsynced = True
        return record if masked == line else _reread(masked)

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


def _reread(line: bytes) -> Record:
    record = decode(json.loads(line))
    assert record is not None  # masking changes texts, never the type of an event
    return record


def _sync_folder(folder: Path) -> None:
    """Without this a power loss can take the new file's name, and with it every line that was synced."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
