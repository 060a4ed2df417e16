"""Remembers, in the user's state folder, the folders where the user allowed code to run (docs/design.md, Trust).

The language server asks for what this file does not allow; `oe trust` allows it in a shell.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

_FILE = "trusted-folders.json"


class TrustedFolders:
    """The trusted folders, on disk below `state`. An unreadable file trusts none. Folders below them are not included:
    each experience has a folder of its own.
    """

    def __init__(self, state: Path) -> None:
        self._file = state / _FILE

    def all(self) -> tuple[str, ...]:
        """The absolute paths of all trusted folders, sorted, with links resolved."""
        return tuple(sorted(self._read()))

    def contains(self, folder: Path) -> bool:
        """True if code in `folder` may run."""
        return str(folder.resolve()) in self._read()

    def add(self, folder: Path) -> None:
        """Trust `folder` from now on. Raises OSError."""
        self._write({*self._read(), str(folder.resolve())})

    def remove(self, folder: Path) -> bool:
        """Trust `folder` no longer, and return whether it was trusted. It need not exist. Raises OSError."""
        folders = self._read()
        kept = folders - {str(folder.resolve())}
        if len(kept) < len(folders):
            self._write(kept)
        return len(kept) < len(folders)

    def _write(self, folders: frozenset[str] | set[str]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        # Written to another file first, so that another process reads either the old list or the new one.
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=self._file.parent, delete=False) as file:
            json.dump(sorted(folders), file, indent=1)
        Path(file.name).replace(self._file)

    def _read(self) -> frozenset[str]:
        try:
            folders = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return frozenset()
        return (
            frozenset(folder for folder in folders if isinstance(folder, str))
            if isinstance(folders, list)
            else frozenset()
        )
