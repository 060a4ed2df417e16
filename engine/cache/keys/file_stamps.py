"""What the disk says of a file without reading it, and whether that can be relied on later."""

from __future__ import annotations

import os

from msgspec import Struct

_FINE_SLACK_NS = 100_000_000
_COARSE_SLACK_NS = 2_000_000_000
_MILLISECOND_NS = 1_000_000


class Stamp(Struct, frozen=True):
    """Size, times and identity of a file or folder. `ctime_ns` tells what a program that sets times back hides."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int

    @staticmethod
    def of(status: os.stat_result) -> Stamp:
        """The stamp in what `os.stat` gave."""
        return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)

    def is_settled(self, looked_at_ns: int) -> bool:
        """Whether a later change must show in a later stamp, for who looked at `looked_at_ns` (`time.time_ns`).

        A clock ticks only so often: what changes twice within one tick keeps its stamp. So a change that was young when
        somebody looked proves nothing (git calls that racily clean). Times without fractions come from coarse clocks.
        """
        changed_ns = max(self.mtime_ns, self.ctime_ns)
        slack_ns = _FINE_SLACK_NS if self.mtime_ns % _MILLISECOND_NS else _COARSE_SLACK_NS
        return changed_ns + slack_ns < looked_at_ns
