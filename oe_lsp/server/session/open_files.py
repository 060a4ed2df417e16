"""The files beside an experience as the editor has them: an open file has its text in the editor, saved or not."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from engine.experience.files.disk import DiskFiles
from engine.experience.files.port import Entry


class OpenFiles(Struct, eq=False):
    """A view of the disk with `open_texts`, by path, in place of saved ones (LSP 3.17, textDocument/didOpen: the truth
    of an open document is managed by the client). Reads each file once.
    """

    disk: DiskFiles
    open_texts: Mapping[Path, str]
    _texts: dict[str, str | None] = field(default_factory=dict)
    _paths: set[Path] = field(default_factory=set)

    @property
    def own(self) -> str:
        """See Files."""
        return self.disk.own

    def refreshed(self, open_texts: Mapping[Path, str]) -> OpenFiles:
        """A current view with these texts: this one, if nothing changed in the files that it has read."""
        now = OpenFiles(self.disk.again(), open_texts)
        is_same = now.disk is self.disk and all(now.text(path) == text for path, text in tuple(self._texts.items()))
        return self if is_same else now

    def has_read(self, file: Path) -> bool:
        """True once the text of `file` was asked for."""
        return file in self._paths

    def entry(self, path: str) -> Entry:
        """See Files. A file that is open but not on disk is missing, as it is to a run."""
        return self.disk.entry(path)

    def text(self, path: str) -> str | None:
        """See Files."""
        if path not in self._texts:
            file = Path(os.path.normpath(self.disk.folder / path))
            self._paths.add(file)
            typed = self.open_texts.get(file)
            is_typed = typed is not None and self.disk.entry(path) is Entry.FILE
            self._texts[path] = typed if is_typed else self.disk.text(path)
        return self._texts[path]

    def names(self, path: str) -> frozenset[str]:
        """See Files."""
        return self.disk.names(path)

    def is_inside(self, path: str, folder: str = "") -> bool:
        """See Files."""
        return self.disk.is_inside(path, folder)
