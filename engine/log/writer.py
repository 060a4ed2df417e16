"""Appends events to a run's log: one process, one file, never rewritten (docs/design.md, The run log)."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from engine.log.blobs import blobs_of
from engine.log.codec import encode
from engine.log.events import Event, Record
from engine.log.large_values import may_hold_large, put_away
from engine.log.secrets import Secrets

Clock = Callable[[], datetime]
Write = Callable[[int, memoryview], int]

_COPIED_BYTES = 1 << 20
_REMEDIES = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space",
    errno.EFBIG: "raise the limit on the size of files",
    errno.EROFS: "make its folder writable",
    errno.EACCES: "make its folder writable",
    errno.EPERM: "make its folder writable",
}


def utc_now() -> datetime:
    """The clock of real runs."""
    return datetime.now(timezone.utc)


def timestamp(moment: datetime) -> str:
    """ISO-8601 UTC with milliseconds, as in `ts`."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class LogWriteError(Exception):
    """A log cannot be written any more. The message says why, and `remedy` what to do about it, for the user.

    What was written before is whole; unless nothing was, or it is gone, it is `resumable`.
    """

    def __init__(self, message: str, remedy: str | None = None, *, resumable: bool = True) -> None:
        super().__init__(message)
        self.remedy = remedy
        self.resumable = resumable


class LogWriter:
    """Writes the log of a new run. The constructor raises OSError; FileExistsError where the run id is taken.

    After the first LogWriteError nothing more is written, so that no line ever follows half of another one.
    """

    def __init__(
        self,
        path: Path,
        run_id: str,
        secrets: Secrets | None = None,
        clock: Clock = utc_now,
        write: Write = os.write,
    ) -> None:
        self.run_id = run_id
        self._path = path
        self._clock = clock
        self._write = write
        self._secrets = secrets or Secrets()
        self._blobs = blobs_of(path)
        self._seq = 0
        self._size = 0
        self._unsynced = False
        self._broken: LogWriteError | None = None
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        _sync_folder(path.parent)

    @property
    def next_seq(self) -> int:
        """The `seq` of the next record."""
        return self._seq

    def append(self, event: Event) -> Record:
        """Give `event` its place and time and write its line. It is durable only after `sync`; its blobs are before.

        Returns the record with secrets masked and its large values in place. Raises LogWriteError.
        """
        self._require_sound()
        record = Record(seq=self._seq, ts=timestamp(self._clock()), run_id=self.run_id, event=event)
        line = encode(record)
        if self._secrets.may_be_in(line):
            record = replace(record, event=self._secrets.masked_event(event))
            line = encode(record)
        try:
            written = self._without_large(record) if may_hold_large(line) else line
            left = memoryview(written)
            while left:
                left = left[self._write(self._fd, left) :]
        except OSError as error:
            raise self._break(self._unwritable(error)) from error
        self._seq += 1
        self._size += len(written)
        self._unsynced = True
        return record

    def keep(self, content: bytes) -> None:
        """Keep a content as a blob, unless it holds a secret; durable on return. Raises LogWriteError."""
        self._require_sound()
        if self._secrets.may_be_in(content):
            return
        try:
            self._blobs.keep(content)
        except OSError as error:
            raise self._break(self._unwritable(error)) from error

    def sync(self) -> None:
        """Make all that was appended survive a power loss. Raises LogWriteError, also where the log was deleted."""
        self._require_sound()
        if not self._unsynced:
            return
        try:
            os.fdatasync(self._fd) if hasattr(os, "fdatasync") else os.fsync(self._fd)
        except OSError as error:
            raise self._break(self._unwritable(error)) from error
        if self._is_deleted():
            raise self._break(self._put_back())
        self._unsynced = False

    def close(self) -> None:
        """Sync and let go of the file. Raises LogWriteError, unless it did before."""
        if self._fd < 0:
            return
        try:
            if self._broken is None:
                self.sync()
        finally:
            os.close(self._fd)
            self._fd = -1

    def _without_large(self, record: Record) -> bytes:
        return encode(replace(record, event=put_away(record.event, self._blobs.keep)))

    def _require_sound(self) -> None:
        if self._broken is not None:
            raise self._broken

    def _break(self, error: LogWriteError) -> LogWriteError:
        """Take back the half of a line that may have been written, and write no more."""
        self._broken = error
        with contextlib.suppress(OSError):  # a torn last line is the one flaw that every reader forgives
            os.ftruncate(self._fd, self._size)
            if self._seq == 0:
                self._path.unlink()
        return error

    def _is_deleted(self) -> bool:
        return os.fstat(self._fd).st_nlink == 0

    def _unwritable(self, error: OSError) -> LogWriteError:
        if self._is_deleted():
            return self._put_back()
        remedy = _REMEDIES.get(error.errno or 0, "check the disk")
        return LogWriteError(f"{error.strerror}: {self._path} cannot be written", remedy, resumable=self._seq > 0)

    def _put_back(self) -> LogWriteError:
        """Write the log again where it was deleted: its lines are still there for the one who has it open."""
        gone = f"{self._path} was deleted while the run went on"
        try:
            self._path.parent.parent.mkdir(mode=0o700, exist_ok=True)
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            self._path.touch(mode=0o600, exist_ok=False)
            with self._path.open("wb") as anew:
                for start in range(0, self._size, _COPIED_BYTES):
                    anew.write(os.pread(self._fd, _COPIED_BYTES, start))
        except OSError as error:
            return LogWriteError(f"{gone} and could not be put back ({error.strerror})", resumable=False)
        return LogWriteError(f"{gone}, and has been put back", resumable=self._seq > 0)


def _sync_folder(folder: Path) -> None:
    """Without this a power loss can take the new file's name, and with it every line that was synced."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
