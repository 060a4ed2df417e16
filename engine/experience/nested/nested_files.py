"""The experiences that lie in an experience, at any depth: each read and checked for itself, once.

What that means for the nodes that nest them is engine/experience/nested/nested_errors.py's.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from engine.experience.files.port import Entry, Files
from engine.experience.model import ExperienceSpec
from engine.experience.reading.parts import Parts
from engine.experience.source.locate import locate
from engine.syntax import Span

if TYPE_CHECKING:
    from engine.experience.analyse import Analysis

FILE_NAME = "experience.yaml"
MAX_DEPTH = 8
"""How deep experiences may lie in one another, the outermost counted as 0 (docs/format.md, Nested experiences)."""


class Naming(Struct, frozen=True):
    """A place in an experience's text that names a nested one; `path` is that file's, from the outermost folder."""

    span: Span
    path: str


class NestedFile(Struct, frozen=True):
    """An experience that is nested, as it was seen through `files`. `nests` are those that it names itself."""

    files: Files
    analysis: Analysis
    nests: tuple[Naming, ...]


class FilesWithin(Struct, frozen=True):
    """The files as an experience in the folder `folder` of `outermost` sees them."""

    outermost: Files
    folder: str
    own: str

    def entry(self, path: str) -> Entry:
        """See Files."""
        return self.outermost.entry(self._path(path))

    def text(self, path: str) -> str | None:
        """See Files."""
        return self.outermost.text(self._path(path))

    def names(self, path: str) -> frozenset[str]:
        """See Files."""
        return self.outermost.names(self._path(path))

    def is_inside(self, path: str, folder: str = "") -> bool:
        """See Files."""
        return self.outermost.is_inside(self._path(path), self._path(folder))

    def _path(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self.folder, path))


def named_in(parts: Parts, folder: str, files: Files) -> tuple[Naming, ...]:
    """The nested experiences that an experience in `folder` names; `files` is the view from the outermost folder."""
    return tuple(_named_in(parts, folder, files))


def nested_path(impl: str, folder: str, files: Files) -> str:
    """The path, from the outermost folder, of the file that `impl` of a node means in an experience in `folder`."""
    path = posixpath.normpath(posixpath.join(folder, impl))
    return posixpath.normpath(posixpath.join(path, FILE_NAME)) if files.entry(path) is Entry.FOLDER else path


def read_nested(
    named: tuple[Naming, ...],
    files: Files,
    previous: Mapping[str, NestedFile],
    check: Callable[[str, Analysis | None, Files], Analysis],
) -> Mapping[str, NestedFile]:
    """All that is nested, by path from the outermost folder; what `previous` has seen the same way is kept.

    A file that cannot be read is left out: that it is missing is said where it is named.
    """
    found: dict[str, NestedFile] = {}
    front = named
    for _ in range(MAX_DEPTH):
        paths = {naming.path for naming in front} - found.keys() - {files.own}
        read = {path: nested for path in sorted(paths) if (nested := _read(path, files, previous.get(path), check))}
        found.update(read)
        front = tuple(naming for nested in read.values() for naming in nested.nests)
    return found


def _read(
    path: str,
    files: Files,
    previous: NestedFile | None,
    check: Callable[[str, Analysis | None, Files], Analysis],
) -> NestedFile | None:
    text = files.text(path)
    if text is None:
        return None
    folder, own = posixpath.split(path)
    within = FilesWithin(files, folder, own)
    if previous is not None and previous.files == within and previous.analysis.text == text:
        return previous
    analysis = check(text, previous.analysis if previous else None, within)
    return NestedFile(within, analysis, named_in(analysis.parts, folder, files) if analysis.parts else ())


def _named_in(parts: Parts, folder: str, files: Files) -> Iterator[Naming]:
    for position, item in enumerate(parts.nodes.items):
        if item.model is None or item.view is None or not isinstance(item.model.spec, ExperienceSpec):
            continue
        path = nested_path(item.model.spec.impl, folder, files)
        yield Naming(parts.nodes.place(position, locate(item.view, ("impl",)).span), path)
