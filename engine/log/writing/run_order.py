"""The order of the starts and ends of runs, whatever the clock says: a counter in `.openexpertise/run-order`.

A run takes a number when it starts and another when it ends; both are in its log.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from msgspec import Struct

from engine.log.events.events import RunFinished, RunStarted
from engine.log.events.timestamps import moment
from engine.log.reading.head_tail import read_ends
from engine.log.reading.reader import UnreadableLogError
from engine.log.storage.disk import DISK, Disk, FileKind
from engine.log.storage.run_store import RunStore
from engine.log.writing.writer import Clock, timestamp, utc_now

FILE = "run-order"

_BUSY_SECONDS = 1.0
"""How long to wait for other runs, which hold the file for less than a millisecond unless they are stopped."""

_RETRY_SECONDS = 0.002
_MAX_BYTES = 128
_TOLERANCE = timedelta(minutes=1)
"""Smaller corrections of clocks are normal."""


class Place(Struct, frozen=True):
    """A place in the order; `ahead_until` is the time of the previous place if the clock has been set back since."""

    order: int
    ahead_until: str | None = None


class _Last(Struct, frozen=True):
    order: int
    ts: str


class RunOrder:
    """The two places of a run in the order. `store()` returns the present store, whose folder may be moved.

    The constructor takes the first place. Raises OSError.
    """

    def __init__(self, store: Callable[[], RunStore], disk: Disk = DISK, clock: Clock = utc_now) -> None:
        self._store = store
        self._disk = disk
        self._clock = clock
        self.began = self._take()

    def end(self) -> int:
        """Take the second place. Raises OSError."""
        return self._take().order

    def _take(self) -> Place:
        return take_place(self._store(), timestamp(self._clock()), self._disk)


def clock_warnings(place: Place) -> tuple[str, ...]:
    """The warning of a run that starts at `place` if the clock was set back."""
    if place.ahead_until is None:
        return ()
    return (
        f"the clock was set back: a run here started or ended at {place.ahead_until}, which is in the future. "
        "The order of runs is not affected; check the clock of this machine.",
    )


def take_place(store: RunStore, ts: str, disk: Disk = DISK) -> Place:
    """Take the next place in the order of `store`, whose folders exist; `ts` is the present time.

    A missing or damaged counter continues from the logs. A process that is stopped while it holds the file stops no
    other one: two runs may then get the same place, and are ordered by their times. Raises OSError.
    """
    descriptor = disk.create(FileKind.ORDER, store.data / FILE, exclusive=False)
    try:
        is_ours = _lock(descriptor, disk)
        last = _decoded(os.pread(descriptor, _MAX_BYTES, 0)) or _last_in_logs(store)
        order = last.order + 1
        if is_ours:
            disk.truncate(FileKind.ORDER, descriptor, 0)
            disk.write_all(FileKind.ORDER, descriptor, b"%d %b\n" % (order, ts.encode()))
    finally:
        os.close(descriptor)
    return Place(order, last.ts if _is_ahead(last.ts, ts) else None)


def _lock(descriptor: int, disk: Disk) -> bool:
    """Lock the file; False if that took too long."""
    until = time.monotonic() + _BUSY_SECONDS
    while not disk.lock(FileKind.ORDER, descriptor):
        if time.monotonic() > until:
            return False
        time.sleep(_RETRY_SECONDS)
    return True


def _decoded(content: bytes) -> _Last | None:
    """The content of the file; None if it is empty or damaged."""
    order, _, ts = content.partition(b" ")
    try:
        moment(text := ts.decode("ascii").strip())
        return _Last(int(order), text) if order.isdigit() else None
    except ValueError:
        return None


def _last_in_logs(store: RunStore) -> _Last:
    """The greatest place and the latest time in the logs."""
    last = _Last(0, "1970-01-01T00:00:00.000Z")
    for order, ts in _places(store):
        last = _Last(max(last.order, order), max(last.ts, ts, key=moment))
    return last


def _places(store: RunStore) -> Iterator[tuple[int, str]]:
    for run_id in store.known_ids():
        try:
            ends = read_ends(store.log(run_id))
        except (UnreadableLogError, OSError):
            continue
        for record in ends.records:
            if isinstance(record.event, (RunStarted, RunFinished)):
                yield record.event.order or 0, record.ts


def _is_ahead(last: str, now: str) -> bool:
    return moment(last) - moment(now) > _TOLERANCE
