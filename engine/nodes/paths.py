"""The files that a node names: where they lie, and whether that is inside the experience's folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file as a node names it. `shown` is how messages and input parts call it: relative to the experience."""

    path: Path
    shown: str
    inside: bool


def named_file(directory: Path, written: str) -> NamedFile:
    """The file that `written` names in the experience at `directory`. Links are followed to see if it is inside."""
    path = Path(os.path.normpath(directory.absolute() / written))
    shown = Path(os.path.normpath(written)).as_posix()
    return NamedFile(path, shown, path.resolve().is_relative_to(directory.resolve()))


def outside_warning(file: NamedFile) -> str:
    """What a node says before it uses a file that lies elsewhere (docs/design.md, Trust)."""
    return f"{file.shown} lies outside the experience's folder"
