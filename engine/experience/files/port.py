"""What the checker may ask about the files that an experience names. The port only: disk.py looks."""

from __future__ import annotations

import posixpath
from enum import Enum
from fnmatch import fnmatchcase
from typing import Protocol


class Entry(Enum):
    """What stands at a path. UNKNOWN: nobody may or can look, so nothing is said of it."""

    FILE = "file"
    FOLDER = "folder"
    NOTHING = "nothing"
    UNKNOWN = "unknown"


class Files(Protocol):
    """A view of the disk from an experience's folder; paths are as written there, with `/`.

    One view gives one answer to one question as long as it lives: who wants to see changes makes a new view.
    """

    @property
    def own(self) -> str:
        """The name of the experience's own file in its folder."""
        ...

    def entry(self, path: str) -> Entry:
        """What stands at the path, links followed."""
        ...

    def text(self, path: str) -> str | None:
        """The text of a file; None where it cannot be read as UTF-8, or is too long to be looked at."""
        ...

    def names(self, path: str) -> frozenset[str]:
        """The names in a folder that a text can hold; empty where it cannot be listed."""
        ...

    def is_inside(self, path: str, folder: str = "") -> bool:
        """Whether the path, links followed, lies in `folder`, which is the experience's own where none is named."""
        ...


class NoFiles:
    """Where no disk is at hand: nothing is known of any file."""

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
        """As far as the text of the path tells."""
        within = posixpath.normpath(folder) + "/" if folder else ""
        return posixpath.normpath(path).startswith(within) and not is_outside(path)


def is_outside(path: str) -> bool:
    """Whether a path leaves the folder by what is written: `../x`, `/etc/x`."""
    normal = posixpath.normpath(path)
    return normal == ".." or normal.startswith(("/", "../"))


def glob_leads_out(glob: str) -> bool:
    """Whether a glob of `uses` or `produces` matches nothing, ever: those stay in the folder, and know no `..`."""
    return glob.startswith("/") or ".." in glob.split("/")


def literal_beginning(glob: str) -> str:
    """The path that a glob begins with, up to its first wildcard: `data` of `data/*.csv`."""
    parts = glob.split("/")
    end = next((at for at, part in enumerate(parts) if not set("*?[").isdisjoint(part)), len(parts))
    return "/".join(parts[:end]) or "."


def glob_names(glob: str, path: str) -> bool:
    """Whether a glob of `produces` may name a path: the file itself, a folder around it, or a folder that it is."""
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
    """The places in a pattern, and those that follow since `**` may stand for nothing."""
    found = set(places)
    for at, step in enumerate(pattern):
        if at in found and step == "**":
            found.add(at + 1)
    return found


NO_FILES = NoFiles()
