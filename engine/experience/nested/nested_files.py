"""The files of nested experiences, at any depth: each is parsed once for all who need it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from msgspec import Struct

from engine.experience.files.port import Entry, Files
from engine.experience.model import ExperienceSpec, Kind, Node
from engine.experience.nested.declarations import Declarations, declarations_of
from engine.experience.reading.items import Item
from engine.experience.reading.parsed_text import ParsedText, parse_text
from engine.experience.reading.parts import Parts
from engine.experience.source.locate import locate
from engine.syntax import Span

FILE_NAME = "experience.yaml"
MAX_DEPTH = 8
"""How many levels experiences may be nested, the outermost counted as 0 (docs/format.md, Nested experiences)."""


class NestedReference(Struct, frozen=True):
    """A node's `impl` that names a nested experience: its span, its text, and its path from the outermost folder."""

    span: Span
    impl: str
    path: str
    shares_state: bool


class NestedFile(Struct, frozen=True):
    """A parsed nested experience: the files as it sees them, and the experiences that it nests itself.

    `declares` is of this file alone, None if not all of it can be known.
    """

    files: Files
    parsed: ParsedText
    references: tuple[NestedReference, ...]
    declares: Declarations | None


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


def nested_references(parts: Parts | None, folder: str, files: Files) -> tuple[NestedReference, ...]:
    """The nested experiences that an experience in `folder` names; `files` is the view from the outermost folder."""
    return tuple(_references(parts, folder, files)) if parts is not None else ()


def nested_path(impl: str, folder: str, files: Files) -> str:
    """The path, from the outermost folder, of the file that `impl` names in an experience in `folder`."""
    path = posixpath.normpath(posixpath.join(folder, impl))
    return posixpath.normpath(posixpath.join(path, FILE_NAME)) if files.entry(path) is Entry.FOLDER else path


def read_nested(
    references: tuple[NestedReference, ...], files: Files, previous: Mapping[str, NestedFile]
) -> Mapping[str, NestedFile]:
    """Parse all nested files, by path from the outermost folder; unchanged ones are taken from `previous`.

    Unreadable files are left out: checks/named_files.py reports them.
    """
    found: dict[str, NestedFile] = {}
    level = references
    for _ in range(MAX_DEPTH):
        paths = {each.path for each in level} - found.keys() - {files.own}
        read = {path: file for path in sorted(paths) if (file := read_nested_file(path, files, previous.get(path)))}
        found.update(read)
        level = tuple(each for file in read.values() for each in file.references)
    return found


def read_nested_file(path: str, files: Files, previous: NestedFile | None) -> NestedFile | None:
    """Parse one nested file, or return `previous` if it still holds; None if the file cannot be read."""
    text = files.text(path)
    if text is None:
        return None
    folder, own = posixpath.split(path)
    within = FilesWithin(files, folder, own)
    if previous is not None and previous.files == within and previous.parsed.text == text:
        return previous
    parsed = parse_text(text, previous.parsed if previous else None)
    return NestedFile(within, parsed, nested_references(parsed.parts, folder, files), declarations_of(parsed))


def _references(parts: Parts, folder: str, files: Files) -> Iterator[NestedReference]:
    for position, item in enumerate(parts.nodes.items):
        impl = item.view.get("impl") if item.view is not None and _nests(item) else None
        if item.view is None or impl is None or not isinstance(impl.value, str) or not impl.value:
            continue
        span = parts.nodes.place(position, locate(item.view, ("impl",)).span)
        shares_state = item.flow is not None and item.flow.shares is not None
        yield NestedReference(span, impl.value, nested_path(impl.value, folder, files), shares_state)


def _nests(item: Item[Node]) -> bool:
    """Checks that a node is an experience; its kind may be known even if other mistakes keep it from being read."""
    if item.model is not None:
        return isinstance(item.model.spec, ExperienceSpec)
    return item.flow is not None and item.flow.kind == Kind.EXPERIENCE.value
