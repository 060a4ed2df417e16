"""Which documents are experiences, and where they are on disk."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes, urlsplit

from pygls.uris import from_fs_path, to_fs_path

LANGUAGE_ID = "oe-experience"
FILE_NAMES = frozenset({"experience.yaml", "experience.yml"})

_NEVER_ENTERED = frozenset({"node_modules", "__pycache__", "venv"})
_MOST_FOLDERS = 5_000


def is_experience(uri: str, language_id: str) -> bool:
    """Whether a document is an experience: by its name in any folder, or by what the client says."""
    return language_id == LANGUAGE_ID or uri.rpartition("/")[2] in FILE_NAMES


def path_of(uri: str) -> Path | None:
    """The file of a `file:` URI; None for a document that is on no disk."""
    path = to_fs_path(uri) if sys.platform == "win32" else _posix_path(uri)
    return Path(path) if path else None


def uri_of(path: Path) -> str:
    """The URI of a file, each of its bytes that is no plain letter escaped."""
    if sys.platform == "win32":
        return str(from_fs_path(str(path)))
    return "file://" + quote(os.fsencode(path))


def _posix_path(uri: str) -> str | None:
    """As pygls's `to_fs_path`, which loses bytes that are not UTF-8 and all from a `;` on."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "file":
        return None
    path = os.fsdecode(unquote_to_bytes(parts.path))
    return f"//{parts.netloc}{path}" if parts.netloc and path else path


def experience_folders(root: Path) -> set[Path]:
    """The folders below `root` that hold an experience, without hidden folders and dependencies. Blocking.

    Looks into 5,000 folders at most: a workspace larger than that is followed from where its experiences are opened.
    """
    return {folder for folder, names in _walk(root) if not FILE_NAMES.isdisjoint(names)}


def _walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    for number, (folder, folders, names) in enumerate(os.walk(root)):
        if number == _MOST_FOLDERS:
            return
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _NEVER_ENTERED]
        yield Path(folder), names
