"""The files that `uses` and `produces` of a node name by glob. Reads folders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from engine.spec.files import glob_leads_out

_NOBODY_WROTE = frozenset({".openexpertise", "__pycache__"})
"""Folders that change whenever something runs: `**` does not mean them."""


def matching(directory: Path, globs: Iterable[str]) -> dict[str, Path]:
    """The files inside `directory` that `globs` match, by their path from there; a folder stands for all in it."""
    found = {path for glob in globs for path in _matching(directory, glob)}
    return {path.relative_to(directory).as_posix(): path for path in sorted(found)}


def _matching(directory: Path, glob: str) -> Iterator[Path]:
    if glob_leads_out(glob):
        return
    pattern = PurePosixPath(glob)
    for path in directory.glob(str(pattern)) if pattern.parts else (directory,):
        for file in path.rglob("*") if path.is_dir() else (path,):
            if _NOBODY_WROTE.isdisjoint(file.relative_to(directory).parts) and file.is_file():
                yield file
