"""The real files of an experience, for the checker. Only reads."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from msgspec import Struct, field

from engine.experience.files.port import Entry
from engine.file_names import is_writable
from engine.syntax import MAX_FILE_BYTES
from engine.unsaved_texts import unsaved

_Identity = tuple[int, int, int]


class DiskFiles(Struct, eq=False):
    """A view of the disk from `folder` that caches each answer.

    `again` returns a fresh view, which reads only the files whose size, time or inode changed.
    """

    folder: Path
    own: str = "experience.yaml"
    _entries: dict[str, tuple[Entry, _Identity]] = field(default_factory=dict)
    _texts: dict[str, tuple[_Identity, str | None]] = field(default_factory=dict)
    _inside: dict[tuple[str, str], bool] = field(default_factory=dict)

    def again(self) -> DiskFiles:
        """A view of the disk as it is now; this one if nothing that it was asked about changed."""
        now = DiskFiles(self.folder, self.own, _texts=self._texts)
        for path in self._entries:
            now.entry(path)
        return self if now._entries == self._entries else now

    def entry(self, path: str) -> Entry:
        """See Files."""
        return self._look(path)[0]

    def text(self, path: str) -> str | None:
        """See Files; None for a file over 5 MiB."""
        entry, identity = self._look(path)
        if entry is not Entry.FILE:
            return None
        known = self._texts.get(path)
        if known is None or known[0] != identity:
            known = self._texts[path] = (identity, self._read(path, identity[0]))
        return known[1]

    def names(self, path: str) -> frozenset[str]:
        """See Files."""
        try:
            return frozenset(name for name in os.listdir(self._absolute(path)) if is_writable(name))  # noqa: PTH208
        except (OSError, ValueError):
            return frozenset()

    def is_inside(self, path: str, folder: str = "") -> bool:
        """See Files."""
        asked = (path, folder)
        if asked not in self._inside:
            here = os.path.realpath(self._absolute(folder))
            self._inside[asked] = Path(os.path.realpath(self._absolute(path))).is_relative_to(here)
        return self._inside[asked]

    def _look(self, path: str) -> tuple[Entry, _Identity]:
        if path not in self._entries:
            self._entries[path] = self._stat(path)
        return self._entries[path]

    def _stat(self, path: str) -> tuple[Entry, _Identity]:
        try:
            status = self._absolute(path).stat()
        except (FileNotFoundError, NotADirectoryError):
            return Entry.NOTHING, (0, 0, 0)
        except (OSError, ValueError):  # no permission, or not a valid path, such as the text of a prompt
            return Entry.UNKNOWN, (0, 0, 0)
        identity = (status.st_size, status.st_mtime_ns, status.st_ino)
        if stat.S_ISDIR(status.st_mode):
            return Entry.FOLDER, identity
        return (Entry.FILE if stat.S_ISREG(status.st_mode) else Entry.UNKNOWN), identity

    def _read(self, path: str, size: int) -> str | None:
        typed = unsaved(self._absolute(path))
        if typed is not None:
            return typed.decode("utf-8", "surrogatepass")
        if size > MAX_FILE_BYTES:
            return None
        try:
            return self._absolute(path).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return None

    def _absolute(self, path: str) -> Path:
        return Path(os.path.normpath(self.folder / path))
