"""Tells the user's own files from those of installed packages and of Python itself."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

PACKAGES = ("site-packages", "dist-packages")
STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep  # noqa: PTH120 — every import makes every start slower


class Places:
    """The folders that hold the user's modules: the experience's, the tools', and those that a tool adds to `sys.path`.

    Everything else is installed: what lies in a folder of `path`, the search path before any tool could change it, and
    what no search path leads to.
    """

    def __init__(self, root: str, folder: str, path: Iterable[str]) -> None:
        self._root = root + os.sep
        self._homes = [self._root, folder + os.sep]
        self._given = frozenset(path)
        self._last_path: list[str] = []
        self._known: dict[str, bool] = {}

    def is_own(self, file: str) -> bool:
        """Tells whether the module in `file` is the user's."""
        if sys.path != self._last_path:
            self._add_homes()
        known = self._known.get(file)
        if known is None:
            known = self._known[file] = self._is_in_a_home(file)
        return known

    def owns(self, module: ModuleType) -> bool:
        """Tells whether `module` is the user's; a package without an `__init__.py` is if all of its folders are."""
        try:
            file = getattr(module, "__file__", None)
            if file is None:
                folders = list(getattr(module, "__path__", ()))
                return bool(folders) and all(self.is_own(os.path.join(folder, "")) for folder in folders)  # noqa: PTH118
        except Exception:  # noqa: BLE001 — sys.modules may hold any object
            return False
        return isinstance(file, str) and self.is_own(file)

    def shown(self, file: str) -> str:
        """`file` as its author knows it: relative to the experience."""
        return file[len(self._root) :] if file.startswith(self._root) else file

    def _add_homes(self) -> None:
        """Makes each folder that a tool added to `sys.path` a home."""
        self._last_path = sys.path[:]
        for entry in self._last_path:
            if isinstance(entry, str) and entry and entry not in self._given:
                self._homes.append(os.path.join(os.path.abspath(entry), ""))  # noqa: PTH100, PTH118
                self._given |= {entry}
                self._known.clear()

    def _is_in_a_home(self, file: str) -> bool:
        if file.startswith(STANDARD_LIBRARY):
            return False
        inside = next((file[len(home) :] for home in self._homes if file.startswith(home)), None)
        return inside is not None and not any(name in PACKAGES for name in inside.split(os.sep))  # noqa: PTH206
