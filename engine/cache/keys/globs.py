"""Finds the files that a node's `uses` and `produces` match. Reads folders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.experience.files.port import glob_leads_out
from engine.nodes.file_search import Found, find_files

_NOBODY_WROTE = frozenset({".openexpertise", "__pycache__"})
"""Folders that change with every run: no glob matches them."""


def matching(directory: Path, globs: Iterable[str]) -> Found:
    """The files inside `directory` that `globs` match; a folder, linked or not, means everything in it."""
    return find_files(directory, (glob for glob in globs if not glob_leads_out(glob)), _may_be_written)


def _may_be_written(name: str) -> bool:
    return name not in _NOBODY_WROTE
