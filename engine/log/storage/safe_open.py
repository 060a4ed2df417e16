"""Files below `.openexpertise`, which only `oe` makes. It makes no symbolic links: one that is there came with somebody
else's folder, leads wherever that person likes, and is not followed. Imports next to nothing: lists of runs need it.
"""

from __future__ import annotations

import errno
import os
from io import FileIO

from engine.regular_files import open_regular, read_regular

DATA_FOLDER = ".openexpertise"


def open_own(path: str | os.PathLike[str]) -> FileIO:
    """As `open_regular`, and no link on the way. Raises OSError."""
    refuse_links(path)
    return open_regular(path)


def read_own(path: str | os.PathLike[str], most: int) -> bytes:
    """As `read_regular`, and no link on the way. Raises OSError."""
    refuse_links(path)
    return read_regular(path, most)


def refuse_links(path: str | os.PathLike[str]) -> None:
    """Raise OSError where `path`, or a folder above it from `.openexpertise` on, is a symbolic link.

    The folder of the experience may be reached through links: that is its owner's business.
    """
    parts = os.fspath(path).split(os.sep)
    own = len(parts) - parts[::-1].index(DATA_FOLDER) if DATA_FOLDER in parts else len(parts)
    for end in range(own, len(parts) + 1):
        part = os.sep.join(parts[:end])
        if os.path.islink(part):
            raise OSError(errno.ELOOP, f"the symbolic link '{parts[end - 1]}' is not followed: remove it", part)
