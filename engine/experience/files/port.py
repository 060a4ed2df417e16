"""The port through which the checker sees the files of an experience; disk.py implements it. Rules about paths."""

from __future__ import annotations

import posixpath
from enum import Enum
from fnmatch import fnmatchcase
from typing import Protocol


class Entry(Enum):
    """What is at a path. UNKNOWN: it cannot be read, so nothing is reported about it."""

    FILE = "file"
    FOLDER = "folder"
    NOTHING = "nothing"
    UNKNOWN = "unknown"


class Files(Protocol):
    """A view of the disk from an experience's folder; paths are as written there, with `/`.

    A view never changes its answers: to see changes, create a new one.
    """

    @property
    def own(self) -> str:
        """The name of the experience's own file in its folder."""
        ...

    def entry(self, path: str) -> Entry:
        """What is at the path, following links."""
        ...

    def text(self, path: str) -> str | None:
        """The text of a file; None if it is not UTF-8 or too large."""
        ...

    def names(self, path: str) -> frozenset[str]:
        """The names in a folder that are valid text; empty if it cannot be listed."""
        ...

    def is_inside(self, path: str, folder: str = "") -> bool:
        """Checks that the path, following links, is in `folder`, by default that of the experience."""
        ...


class NoFiles:
    """Files for checks without a disk: nothing is known about any file."""

    own = "experience.yaml"

    def entry(self, path: str) -> Entry:  # noqa: ARG002
        """See Files."""
        return Entry.UNKNOWN

    def text(self, path: str) -> str | None:  # noqa: ARG002
        """See Files."""
        return None

    def names(self, path: str) -> frozenset[str]:  # noqa: ARG002
        """See Files."""
        return frozenset()

    def is_inside(self, path: str, folder: str = "") -> bool:
        """See Files; decided by the text of the path alone."""
        within = posixpath.normpath(folder) + "/" if folder else ""
        return posixpath.normpath(path).startswith(within) and not is_outside(path)


def is_outside(path: str) -> bool:
    """Checks that a path leaves the folder as written: `../x`, `/etc/x`."""
    normal = posixpath.normpath(path)
    return normal == ".." or normal.startswith(("/", "../"))


def glob_leads_out(glob: str) -> bool:
    """Checks that a glob of `uses` or `produces` never matches, since it leaves the folder or contains `..`."""
    return glob.startswith("/") or ".." in glob.split("/")


def literal_beginning(glob: str) -> str:
    """The path before the first wildcard of a glob: `data` of `data/*.csv`."""
    parts = glob.split("/")
    end = next((at for at, part in enumerate(parts) if not set("*?[").isdisjoint(part)), len(parts))
    return "/".join(parts[:end]) or "."


def glob_names(glob: str, path: str) -> bool:
    """Checks that a glob of `produces` may match a path, a folder that contains it, or a file inside it."""
    if glob_leads_out(glob):
        return False
    pattern = [] if posixpath.normpath(glob) == "." else posixpath.normpath(glob).split("/")
    reached = _reached({0}, pattern)
    for step in posixpath.normpath(path).split("/"):
        if len(pattern) in reached:
            return True
        reached = _reached({at + (pattern[at] != "**") for at in reached if _matches(pattern[at], step)}, pattern)
    return bool(reached)


def _matches(pattern: str, step: str) -> bool:
    return pattern == "**" or fnmatchcase(step, pattern)


def _reached(places: set[int], pattern: list[str]) -> set[int]:
    """The positions in a pattern, and those reachable because `**` may match nothing."""
    found = set(places)
    for at, step in enumerate(pattern):
        if at in found and step == "**":
            found.add(at + 1)
    return found


NO_FILES = NoFiles()
