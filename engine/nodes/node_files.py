"""The files that a node names, inside or outside the experience's folder."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from msgspec import Struct


class NamedFile(Struct, frozen=True):
    """A file that a node names. `shown` is its name in messages and input parts: relative to `directory`."""

    path: Path
    shown: str
    directory: Path

    @property
    def inside(self) -> bool:
        """Tells whether it lies in the experience's folder. Follows links, so every call reads the disk."""
        return Path(os.path.realpath(self.path)).is_relative_to(os.path.realpath(self.directory))


@lru_cache(maxsize=4_096)
def named_file(directory: Path, written: str) -> NamedFile:
    """The file that `written` names in the experience at `directory`. Does not read the disk.

    Cached: it is asked for several times per execution, and paths are slow to make.
    """
    path = Path(os.path.normpath(directory.absolute() / written))
    return NamedFile(path, Path(os.path.normpath(written)).as_posix(), directory)


def outside_warning(file: NamedFile) -> str:
    """The warning about a file outside the experience's folder (docs/design.md, Trust)."""
    return f"{file.shown} lies outside the experience's folder"
