"""The folder of an experience while a run goes on: where it is now, though somebody has renamed it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

_DELETED = " (deleted)"
_PATH_BYTES = 1024


class Folder:
    """A folder that is held open. `path` is where it was then."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @property
    def is_in_place(self) -> bool:
        """Whether it still has its name, and is not another one of that name."""
        try:
            return os.path.samestat(self.path.stat(), os.fstat(self._descriptor))
        except OSError:
            return False

    def now(self) -> Path:
        """Where it is by now; its old path where it was removed, or the system does not tell."""
        if self.is_in_place:
            return self.path
        try:
            found = Path(self._told())
        except (OSError, ValueError):
            return self.path
        return found if found.is_dir() else self.path

    def _told(self) -> str:
        if sys.platform == "darwin":
            import fcntl

            return os.fsdecode(fcntl.fcntl(self._descriptor, fcntl.F_GETPATH, bytes(_PATH_BYTES)).rstrip(b"\0"))
        return str(Path(f"/proc/self/fd/{self._descriptor}").readlink()).removesuffix(_DELETED)


@contextlib.contextmanager
def held_open(path: Path) -> Iterator[Folder]:
    """Hold the folder open meanwhile. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield Folder(path, descriptor)
    finally:
        os.close(descriptor)
