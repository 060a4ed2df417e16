"""Listings of folders, kept while the folders are unchanged on disk."""

from __future__ import annotations

import os
import time
from pathlib import Path

from msgspec import Struct

from engine.cache.keys.file_stamps import Stamp

Listing = dict[str, bool]
"""The names in a folder, and whether each is a folder."""

_NOTHING: Listing = {}


class _Known(Struct, frozen=True):
    stamp: Stamp
    listing: Listing
    settled: bool


class Folders:
    """Listings by path. A folder is read again only when its stamp differs or was too young to be reliable."""

    def __init__(self) -> None:
        self._known: dict[Path, _Known] = {}

    def list(self, folder: Path) -> Listing:
        """The listing of `folder`, the same object while it is unchanged; empty if the folder does not exist."""
        looked_at = time.time_ns()
        try:
            stamp = Stamp.of(os.stat(folder))  # noqa: PTH116 - see Fingerprints.of
            known = self._known.get(folder)
            if known is not None and known.stamp == stamp and known.settled:
                return known.listing
            with os.scandir(folder) as entries:
                listing = {entry.name: entry.is_dir() for entry in entries}
        except (OSError, ValueError):
            return _NOTHING
        if known is not None and known.listing == listing:
            listing = known.listing
        self._known[folder] = _Known(stamp, listing, stamp.is_settled(looked_at))
        return listing
