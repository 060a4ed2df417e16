"""Appends events to a run's log: one process, one file, never rewritten (docs/design.md, The run log).

The order in which things become durable, so that a loss of power at any moment leaves no line that says too much:
the blobs that a line names, then the line; the first line, then the name of the log; all lines so far, then whatever
is started because of them.
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
from engine.log.storage.disk import DISK, Disk, Thing
from engine.log.values.large_values import may_hold_large, put_away

Clock = Callable[[], datetime]

_COPIED_BYTES = 1 << 20
_UNBEGUN = ".new"
"""What is added to the name of a log that has no first line yet: nobody is to find a run that says nothing."""

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
    """Writes the log of a new run, whose lock the caller holds.

    The constructor raises OSError; FileExistsError where the run id is taken. The log has its name once its first line
    is durable. After the first LogWriteError nothing more is written, so that no line ever follows half of another one.
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
        self._unbegun = path.with_name(path.name + _UNBEGUN)
        self._fd = disk.create(Thing.LOG, self._unbegun, exclusive=True)

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
            self._disk.write_all(Thing.LOG, self._fd, written)
            if self._seq == 0:
                self._disk.sync(Thing.LOG, self._fd)
                self._disk.rename(Thing.LOG, self._unbegun, self._path)
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
            self._disk.sync(Thing.LOG, self._fd)
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
            if self._seq == 0:
                self._take_away()

    def _without_large(self, record: Record) -> bytes:
        return encode(replace(record, event=put_away(record.event, self._blobs.keep)))

    def _require_sound(self) -> None:
        if self._broken is not None:
            raise self._broken

    def _break(self, error: LogWriteError) -> LogWriteError:
        """Take back the half of a line that may have been written, and write no more.

        Not even sync again: after a sync that failed, the next one may say that all is well though it is not.
        """
        self._broken = error
        with contextlib.suppress(OSError):  # a torn last line is the one flaw that every reader forgives
            self._disk.truncate(Thing.LOG, self._fd, self._size)
        return error

    def _take_away(self) -> None:
        """Leave nothing of a log that never began, whether it got its name or not."""
        for path in (self._unbegun, self._path):
            with contextlib.suppress(OSError):
                self._disk.delete(Thing.LOG, path)

    def _is_deleted(self) -> bool:
        return os.fstat(self._fd).st_nlink == 0

    def _unwritable(self, error: OSError) -> LogWriteError:
        if self._is_deleted() and self._seq > 0:
            return self._put_back()
        remedy = _REMEDIES.get(error.errno or 0, "check the disk")
        return LogWriteError(f"{error.strerror}: {self._path} cannot be written", remedy, resumable=self._seq > 0)

    def _put_back(self) -> LogWriteError:
        """Write the log again where it was deleted: its lines are still there for the one who has it open."""
        gone = f"{self._path} was deleted while the run went on"
        try:
            self._disk.make_folder(Thing.LOG, self._path.parent.parent)
            self._disk.make_folder(Thing.LOG, self._path.parent)
            self._copy()
        except OSError as error:
            return LogWriteError(f"{gone} and could not be put back ({error.strerror})", resumable=False)
        return LogWriteError(f"{gone}, and has been put back")

    def _copy(self) -> None:
        anew = self._disk.create(Thing.LOG, self._unbegun, exclusive=True)
        try:
            for start in range(0, self._size, _COPIED_BYTES):
                piece = os.pread(self._fd, min(_COPIED_BYTES, self._size - start), start)
                self._disk.write_all(Thing.LOG, anew, piece)
            self._disk.sync(Thing.LOG, anew)
        finally:
            os.close(anew)
        self._disk.rename(Thing.LOG, self._unbegun, self._path)
