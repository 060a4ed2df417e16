"""Remembers, in the user's state folder, the folders where the user allowed code to run (docs/design.md, Trust)."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

_FILE = "trusted-folders.json"


class TrustedFolders:
    """The trusted folders, on disk. An unreadable file trusts none."""

    def __init__(self, state: Path) -> None:
        self._file = state / _FILE

    def contains(self, folder: Path) -> bool:
        """True if code in `folder` may run."""
        return str(folder.resolve()) in self._read()

    def add(self, folder: Path) -> None:
        """Trust `folder` from now on. Raises OSError."""
        folders = sorted({*self._read(), str(folder.resolve())})
        self._file.parent.mkdir(parents=True, exist_ok=True)
        # Written to another file first, so that another server reads either the old list or the new one.
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=self._file.parent, delete=False) as file:
            json.dump(folders, file, indent=1)
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
