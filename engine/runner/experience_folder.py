"""Follows the folder of an experience during a run, even if it is renamed."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

_DELETED = " (deleted)"
_PATH_BYTES = 1024


class Folder:
    """A folder that is held open. `path` is its path when it was opened."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @property
    def is_in_place(self) -> bool:
        """Whether `path` still leads to this folder."""
        try:
            return os.path.samestat(self.path.stat(), os.fstat(self._descriptor))
        except OSError:
            return False

    def now(self) -> Path:
        """Its current path; the old one if it was removed or the system does not know."""
        if self.is_in_place:
            return self.path
        try:
            found = Path(self._path_by_descriptor())
        except (OSError, ValueError):
            return self.path
        return found if found.is_dir() else self.path

    def _path_by_descriptor(self) -> str:
        if sys.platform == "darwin":
            import fcntl

            return os.fsdecode(fcntl.fcntl(self._descriptor, fcntl.F_GETPATH, bytes(_PATH_BYTES)).rstrip(b"\0"))
        return str(Path(f"/proc/self/fd/{self._descriptor}").readlink()).removesuffix(_DELETED)


@contextlib.contextmanager
def held_open(path: Path) -> Iterator[Folder]:
    """Hold the folder open. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield Folder(path, descriptor)
    finally:
        os.close(descriptor)
