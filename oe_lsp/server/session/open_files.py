"""The files beside an experience as the editor has them: of one that is open counts what is typed, saved or not."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from engine.experience.files.disk import DiskFiles
from engine.experience.files.port import Entry


class OpenFiles(Struct, eq=False):
    """A view of the disk, but for the texts in `opened`, by their paths: those are the client's to tell, and not to be
    read (LSP 3.17, textDocument/didOpen). What was asked once is not asked again.
    """

    disk: DiskFiles
    opened: Mapping[Path, str]
    _given: dict[str, str | None] = field(default_factory=dict)
    _asked: set[Path] = field(default_factory=set)

    @property
    def own(self) -> str:
        """See Files."""
        return self.disk.own

    def again(self, opened: Mapping[Path, str]) -> OpenFiles:
        """A view as all is now, with these texts: this one, if nothing changed that it was asked about."""
        now = OpenFiles(self.disk.again(), opened)
        is_same = now.disk is self.disk and all(now.text(path) == text for path, text in tuple(self._given.items()))
        return self if is_same else now

    def gave(self, file: Path) -> bool:
        """Whether it was asked for the text of a file."""
        return file in self._asked

    def entry(self, path: str) -> Entry:
        """See Files. What is open and on no disk is nothing to a run either."""
        return self.disk.entry(path)

    def text(self, path: str) -> str | None:
        """See Files."""
        if path not in self._given:
            file = self._absolute(path)
            self._asked.add(file)
            typed = self.opened.get(file)
            is_typed = typed is not None and self.disk.entry(path) is Entry.FILE
            self._given[path] = typed if is_typed else self.disk.text(path)
        return self._given[path]

    def names(self, path: str) -> frozenset[str]:
        """See Files."""
        return self.disk.names(path)

    def is_inside(self, path: str, folder: str = "") -> bool:
        """See Files."""
        return self.disk.is_inside(path, folder)

    def _absolute(self, path: str) -> Path:
        return Path(os.path.normpath(self.disk.folder / path))
