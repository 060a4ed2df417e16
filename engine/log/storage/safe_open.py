"""Opens files below `.openexpertise`, and follows no symbolic link there.

`oe` makes no links: one that is there came with a folder from elsewhere, and may lead anywhere.
"""

from __future__ import annotations

import errno
from io import FileIO
from pathlib import Path

from engine.regular_files import open_regular, read_regular

DATA_FOLDER = ".openexpertise"


def open_own(path: Path) -> FileIO:
    """As `open_regular`, without following links. Raises OSError."""
    refuse_links(path)
    return open_regular(path)


def read_own(path: Path, most: int) -> bytes:
    """As `read_regular`, without following links. Raises OSError."""
    refuse_links(path)
    return read_regular(path, most)


def refuse_links(path: Path) -> None:
    """Raise OSError where `path`, or a folder above it up to `.openexpertise`, is a symbolic link.

    Links to the folder of the experience are its owner's business.
    """
    for part in (path, *path.parents):
        if part.is_symlink():
            raise OSError(errno.ELOOP, f"the symbolic link '{part.name}' is not followed: remove it", str(part))
        if part.name == DATA_FOLDER or DATA_FOLDER not in path.parts:
            return
