"""File stamps: size, times and identity, which show changes without reading the file."""

from __future__ import annotations

import os

from msgspec import Struct

_FINE_SLACK_NS = 100_000_000
_COARSE_SLACK_NS = 2_000_000_000
_MILLISECOND_NS = 1_000_000


class Stamp(Struct, frozen=True):
    """The stamp of a file or folder. `ctime_ns` shows changes that a program hides by setting `mtime` back."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int

    @staticmethod
    def of(status: os.stat_result) -> Stamp:
        """The stamp in a result of `os.stat`."""
        return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)

    def is_settled(self, looked_at_ns: int) -> bool:
        """Whether any change after `looked_at_ns` (`time.time_ns`) must change the stamp.

        File clocks are coarse: two changes within one tick have the same stamp. So a file that changed just before it
        was read may change again unnoticed (git calls this racily clean). Times without fractions come from coarse
        clocks.
        """
        changed_ns = max(self.mtime_ns, self.ctime_ns)
        slack_ns = _FINE_SLACK_NS if self.mtime_ns % _MILLISECOND_NS else _COARSE_SLACK_NS
        return changed_ns + slack_ns < looked_at_ns
