"""The outlines of all experiences in the workspace. A file is read again only when it has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from engine.regular_files import read_text
from engine.syntax import MAX_FILE_BYTES, LineIndex, View, parse
from oe_lsp.ide.document.items import text_at
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.document_symbols import Symbol, searchable_symbols
from oe_lsp.server.session.experience_files import FILE_NAMES
from oe_lsp.server.transport.uris import path_of, uri_of


class Outline(Struct, frozen=True):
    """The symbols of one experience. `name` is the experience's, or that of its folder."""

    uri: str
    name: str
    lines: LineIndex
    symbols: tuple[Symbol, ...]


class WorkspaceOutlines:
    """Outlines from snapshots of open experiences, and from the disk. Blocking."""

    def __init__(self) -> None:
        self._cache: dict[Path, tuple[tuple[int, int], Outline]] = {}

    def all(self, folders: Iterable[Path], opened: Iterable[Snapshot]) -> Iterator[Outline]:
        """The outline of every experience that is open or lies in one of the folders."""
        snapshots = {snapshot.uri: snapshot for snapshot in opened}
        yield from (_outline(each.uri, each.analysis.tree.root, each.analysis.lines) for each in snapshots.values())
        open_paths = {path_of(uri) for uri in snapshots}
        for folder in sorted(folders):
            for path in (folder / name for name in sorted(FILE_NAMES)):
                outline = None if path in open_paths else self._of_file(path)
                if outline is not None:
                    yield outline

    def _of_file(self, path: Path) -> Outline | None:
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            cached = self._cache.get(path)
            if cached is not None and cached[0] == stamp:
                return cached[1]
            text = read_text(path, MAX_FILE_BYTES) if status.st_size <= MAX_FILE_BYTES else ""
        except (OSError, UnicodeDecodeError):
            self._cache.pop(path, None)
            return None
        uri = uri_of(path)
        self._cache[path] = (stamp, Outline(uri, "", LineIndex(""), ()))  # if parsing is abandoned, it stays empty
        tree = parse(text)
        outline = _outline(uri, tree.root, tree.lines)
        self._cache[path] = (stamp, outline)
        return outline


def _outline(uri: str, root: View | None, lines: LineIndex) -> Outline:
    path = path_of(uri)
    name = text_at(root, "name") or (path.parent.name if path else uri)
    return Outline(uri, name, lines, tuple(searchable_symbols(root)))
