"""Finds files by glob, and all files in a folder, through linked folders too. Reads folders, never files.

Every folder is entered once, however many links lead to it, so that loops of links end and no tree of links costs more
than what is in it. A link to a folder that was entered already is returned as a link.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Callable, Iterable
from functools import lru_cache
from heapq import heappop, heappush
from pathlib import Path, PurePosixPath

from msgspec import Struct, field

from engine.file_names import writable

_ALL_BELOW = "**"
_MAGIC = re.compile(r"[*?[]")

_Step = tuple[str, int]
"""A path from the searched folder, and the number of glob segments that led to it."""


class Found(Struct, frozen=True):
    """The files of a search by their paths from the searched folder, written for logs (engine.file_names).

    `links` lead to folders that were entered under another name.
    """

    files: dict[str, Path] = field(default_factory=dict)
    links: dict[str, Path] = field(default_factory=dict)

    @property
    def all(self) -> dict[str, Path]:
        """Files and links, sorted by name."""
        return dict(sorted({**self.files, **self.links}.items()))


def find_files(directory: Path, globs: Iterable[str], is_entered: Callable[[str], bool]) -> Found:
    """Finds what `globs` match in `directory`; a folder stands for all in it. `is_entered` decides by name what counts.

    A folder that cannot be listed counts as empty. A link to a folder around `directory` is never entered.
    """
    found = Found()
    home = os.path.realpath(directory)
    for glob in globs:
        _Search(str(directory), home, _segments(glob), is_entered, found).run()
    return found


class _Search:
    """The search for one glob. Folders are walked first, links after them, sorted by name."""

    def __init__(
        self, directory: str, home: str, segments: tuple[str, ...], is_entered: Callable[[str], bool], found: Found
    ) -> None:
        self._directory = directory
        self._home = home
        self._segments = segments
        self._is_entered = is_entered
        self._found = found
        self._entered: set[tuple[int, int, int]] = set()
        self._steps: list[_Step] = []
        self._links: list[_Step] = []

    def run(self) -> None:
        """Adds all matches to what was found."""
        self._steps.append(("", 0))
        while self._steps or self._links:
            if self._steps:
                self._enter(*self._steps.pop(), is_link=False)
            else:
                self._enter(*heappop(self._links), is_link=True)

    def _enter(self, path: str, at: int, *, is_link: bool) -> None:
        """Searches a folder for the segments from `at` on."""
        status = _stat(self._absolute(path))
        if status is None:
            return
        place = (status.st_dev, status.st_ino, at)
        if place in self._entered or (is_link and self._leads_around(path)):
            if is_link:
                self._add(self._found.links, path)
            return
        self._entered.add(place)
        if at == len(self._segments):
            self._all_in(path, at)
        elif self._segments[at] == _ALL_BELOW:
            self._steps.append((path, at + 1))
            self._each(path, None, at)
        elif _MAGIC.search(self._segments[at]):
            self._each(path, _matcher(self._segments[at]), at + 1)
        elif self._is_entered(self._segments[at]):
            self._find_name(path, self._segments[at], at + 1)

    def _all_in(self, folder: str, at: int) -> None:
        for entry in self._list(folder):
            self._go_on(folder, entry, at)

    def _each(self, folder: str, matches: Callable[[str], object] | None, then: int) -> None:
        """Continues with every folder in `folder`, for `**`; or with every name that `matches`."""
        for entry in self._list(folder):
            if matches(entry.name) if matches is not None else _is_folder(entry):
                self._go_on(folder, entry, then)

    def _go_on(self, folder: str, entry: os.DirEntry[str], then: int) -> None:
        path = f"{folder}/{entry.name}" if folder else entry.name
        if not _is_folder(entry):
            if then == len(self._segments) and _is_file(entry):
                self._add(self._found.files, path)
        elif entry.is_symlink():
            heappush(self._links, (path, then))
        else:
            self._steps.append((path, then))

    def _find_name(self, folder: str, name: str, then: int) -> None:
        """Continues with exactly this name, without listing the folder."""
        path = f"{folder}/{name}" if folder else name
        absolute = self._absolute(path)
        status = _stat(absolute)
        if status is None:
            return
        if not stat.S_ISDIR(status.st_mode):
            if then == len(self._segments) and stat.S_ISREG(status.st_mode):
                self._add(self._found.files, path)
        elif os.path.islink(absolute):
            heappush(self._links, (path, then))
        else:
            self._steps.append((path, then))

    def _list(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self._absolute(folder)) as entries:
                return [entry for entry in entries if self._is_entered(entry.name)]
        except OSError:
            return []

    def _leads_around(self, path: str) -> bool:
        """Tells whether a link leads to a folder around the searched one."""
        target = os.path.realpath(self._absolute(path))
        return self._home != target and self._home.startswith(target.rstrip(os.sep) + os.sep)

    def _add(self, found: dict[str, Path], path: str) -> None:
        found[writable(path) or "."] = Path(self._absolute(path))

    def _absolute(self, path: str) -> str:
        return f"{self._directory}/{path}" if path else self._directory


def _segments(glob: str) -> tuple[str, ...]:
    """The segments of a glob, without a redundant `**` at its end."""
    parts = list(PurePosixPath(glob).parts)
    while parts[-1:] == [_ALL_BELOW] or parts[-2:] == [_ALL_BELOW, "*"]:
        del parts[-1 if parts[-1] == _ALL_BELOW else -2 :]
    return tuple(part for at, part in enumerate(parts) if part != _ALL_BELOW or parts[at - 1 : at] != [_ALL_BELOW])


@lru_cache(maxsize=1_024)
def _matcher(segment: str) -> Callable[[str], object]:
    return re.compile(fnmatch.translate(segment)).match


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (OSError, ValueError):  # gone, unreachable, a loop of links, or not a path at all
        return None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False
