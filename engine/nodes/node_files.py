"""The files that a node names: where they lie, and whether that is inside the experience's folder."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from msgspec import Struct


class NamedFile(Struct, frozen=True):
    """A file as a node names it. `shown` is how messages and input parts call it: relative to `directory`."""

    path: Path
    shown: str
    directory: Path

    @property
    def inside(self) -> bool:
        """Whether it lies in the experience's folder. Links are followed, so every call asks the disk."""
        return Path(os.path.realpath(self.path)).is_relative_to(os.path.realpath(self.directory))


@lru_cache(maxsize=4_096)
def named_file(directory: Path, written: str) -> NamedFile:
    """The file that `written` names in the experience at `directory`. Asks nothing of the disk.

    Remembered, since a node's file is named several times for each of its executions, and paths are slow to make.
    """
    path = Path(os.path.normpath(directory.absolute() / written))
    return NamedFile(path, Path(os.path.normpath(written)).as_posix(), directory)


def outside_warning(file: NamedFile) -> str:
    """What a node says before it uses a file that lies elsewhere (docs/design.md, Trust)."""
    return f"{file.shown} lies outside the experience's folder"
