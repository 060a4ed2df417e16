"""Appends events to a run's log: one process, one file, never rewritten (docs/design.md, The run log).

Things become durable in an order in which a power loss leaves no line that promises too much: blobs before the line
that refers to them; the first line before the name of the log; all lines before anything that is started because of
them.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from msgspec.structs import replace

from engine.log.events.codec import encode, writable_event
from engine.log.events.events import Event, Record
from engine.log.secrets.masking import Secrets
from engine.log.storage.blobs import blobs_of
from engine.log.storage.disk import DISK, Disk, FileKind
from engine.log.values.large_values import may_hold_large, move_to_blobs

Clock = Callable[[], datetime]

_COPY_BYTES = 1 << 20
_UNNAMED_SUFFIX = ".new"
"""Added to the name of a log without a first line, so that nobody finds an empty log."""

_REMEDIES = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space",
    errno.EFBIG: "raise the limit on file sizes",
    errno.EROFS: "make its folder writable",
    errno.EACCES: "make its folder writable",
    errno.EPERM: "make its folder writable",
}


def utc_now() -> datetime:
    """The clock of real runs."""
    return datetime.now(timezone.utc)


def timestamp(moment: datetime) -> str:
    """The time as in `ts`: ISO-8601 UTC with milliseconds."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class LogWriteError(Exception):
    """The log can no longer be written. The message and the `remedy` are for the user.

    Earlier lines are intact; the run is `resumable` unless there are none, or the log is gone.
    """

    def __init__(self, message: str, remedy: str | None = None, *, resumable: bool = True) -> None:
        super().__init__(message)
        self.remedy = remedy
        self.resumable = resumable


class LogWriter:
    """Writes the log of a new run, whose lock the caller holds.

    The constructor raises OSError; FileExistsError if the run id is taken. The log gets its name once its first line is
    durable. After the first LogWriteError nothing more is written, so that no line follows half of another one.
    """

    def __init__(
        self,
        path: Path,
        run_id: str,
        secrets: Secrets | None = None,
        clock: Clock = utc_now,
        disk: Disk = DISK,
    ) -> None:
        self.run_id = run_id
        self._path = path
        self._clock = clock
        self._disk = disk
        self._secrets = secrets or Secrets()
        self._blobs = blobs_of(path, disk)
        self._seq = 0
        self._size = 0
        self._unsynced = False
        self._broken: LogWriteError | None = None
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        self._unnamed = path.with_name(path.name + _UNNAMED_SUFFIX)
        self._fd = disk.create(FileKind.LOG, self._unnamed, exclusive=True)

    @property
    def next_seq(self) -> int:
        """The `seq` of the next record."""
        return self._seq

    def append(self, event: Event) -> Record:
        """Write the line of `event`. It is durable only after `sync`, its blobs are immediately.

        Returns the record with secrets masked and large values inline. Raises LogWriteError.
        """
        self._require_writable()
        record = Record(seq=self._seq, ts=timestamp(self._clock()), run_id=self.run_id, event=event)
        try:
            line = encode(record)
        except UnicodeEncodeError:
            record = replace(record, event=writable_event(event))
            line = encode(record)
        if self._secrets.may_be_in(line):
            record = replace(record, event=self._secrets.masked_event(record.event))
            line = encode(record)
        try:
            written = self._without_large(record) if may_hold_large(line) else line
            self._disk.write_all(FileKind.LOG, self._fd, written)
            if self._seq == 0:
                self._disk.sync(FileKind.LOG, self._fd)
                self._disk.rename(FileKind.LOG, self._unnamed, self._path)
        except OSError as error:
            raise self._break(self._unwritable(error)) from error
        self._seq += 1
        self._size += len(written)
        self._unsynced = True
        return record

    def keep(self, content: bytes) -> None:
        """Store a content as a blob, durable on return, unless it contains a secret. Raises LogWriteError."""
        self._require_writable()
        if self._secrets.may_be_in(content):
            return
        try:
            self._blobs.keep(content)
        except OSError as error:
            raise self._break(self._unwritable(error)) from error

    def sync(self) -> None:
        """Make all lines survive a power loss. Raises LogWriteError, also if the log was deleted."""
        self._require_writable()
        if not self._unsynced:
            return
        try:
            self._disk.sync(FileKind.LOG, self._fd)
        except OSError as error:
            raise self._break(self._unwritable(error)) from error
        if self._is_deleted():
            raise self._break(self._restore())
        self._unsynced = False

    def close(self) -> None:
        """Sync and close the file. Raises LogWriteError, unless it did before."""
        if self._fd < 0:
            return
        try:
            if self._broken is None:
                self.sync()
        finally:
            os.close(self._fd)
            self._fd = -1
            if self._seq == 0:
                self._delete()

    def _without_large(self, record: Record) -> bytes:
        return encode(replace(record, event=move_to_blobs(record.event, self._blobs.keep)))

    def _require_writable(self) -> None:
        if self._broken is not None:
            raise self._broken

    def _break(self, error: LogWriteError) -> LogWriteError:
        """Remove the half of a line that may have been written, and write no more.

        Do not even sync again: after a failed sync, the next one may succeed although data is lost.
        """
        self._broken = error
        with contextlib.suppress(OSError):  # readers ignore a torn last line
            self._disk.truncate(FileKind.LOG, self._fd, self._size)
        return error

    def _delete(self) -> None:
        """Delete a log without a first line, whether it got its name or not."""
        for path in (self._unnamed, self._path):
            with contextlib.suppress(OSError):
                self._disk.delete(FileKind.LOG, path)

    def _is_deleted(self) -> bool:
        return os.fstat(self._fd).st_nlink == 0

    def _unwritable(self, error: OSError) -> LogWriteError:
        if self._is_deleted() and self._seq > 0:
            return self._restore()
        remedy = _REMEDIES.get(error.errno or 0, "check the disk")
        return LogWriteError(f"{error.strerror}: {self._path} cannot be written", remedy, resumable=self._seq > 0)

    def _restore(self) -> LogWriteError:
        """Restore a deleted log: its lines can still be read from the open file."""
        gone = f"{self._path} was deleted during the run"
        try:
            self._disk.make_folder(FileKind.LOG, self._path.parent.parent)
            self._disk.make_folder(FileKind.LOG, self._path.parent)
            self._copy()
        except OSError as error:
            return LogWriteError(f"{gone} and could not be restored ({error.strerror})", resumable=False)
        return LogWriteError(f"{gone} and has been restored")

    def _copy(self) -> None:
        copy = self._disk.create(FileKind.LOG, self._unnamed, exclusive=True)
        try:
            for start in range(0, self._size, _COPY_BYTES):
                piece = os.pread(self._fd, min(_COPY_BYTES, self._size - start), start)
                self._disk.write_all(FileKind.LOG, copy, piece)
            self._disk.sync(FileKind.LOG, copy)
        finally:
            os.close(copy)
        self._disk.rename(FileKind.LOG, self._unnamed, self._path)
