"""Paths under which a library can watch a folder whose name is not UTF-8."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from engine.file_names import is_writable


@contextlib.contextmanager
def watchable(folder: Path) -> Iterator[Path]:
    """A UTF-8 path of `folder`: its own, or that of an open descriptor. Raises OSError."""
    if is_writable(str(folder)):
        yield folder
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
