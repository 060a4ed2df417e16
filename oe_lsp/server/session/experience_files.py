"""Which documents are experiences, and which folders hold them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from oe_lsp.server.transport.errors import RequestFailedError
from oe_lsp.server.transport.uris import path_of

LANGUAGE_ID = "oe-experience"
FILE_NAMES = frozenset({"experience.yaml", "experience.yml"})

_SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "venv"})
_MAX_FOLDERS = 5_000


def is_experience(uri: str, language_id: str) -> bool:
    """True for a document with the name of an experience, in any folder, and for one of our language."""
    return language_id == LANGUAGE_ID or uri.rpartition("/")[2] in FILE_NAMES


def experience_path(uri: str) -> Path:
    """The file of an experience. Raises RequestFailedError where it has none."""
    path = path_of(uri)
    if path is None:
        raise RequestFailedError("This experience is not saved to a file yet. Save it first.")
    return path


def experience_folders(root: Path) -> set[Path]:
    """The folders below `root` that hold an experience, without hidden folders and dependencies. Blocking.

    Visits 5,000 folders at most: in a larger workspace, runs are followed where an experience is open.
    """
    return {folder for folder, names in _walk(root) if not FILE_NAMES.isdisjoint(names)}


def _walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    for number, (folder, folders, names) in enumerate(os.walk(root)):
        if number == _MAX_FOLDERS:
            return
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _SKIPPED_FOLDERS]
        yield Path(folder), names
