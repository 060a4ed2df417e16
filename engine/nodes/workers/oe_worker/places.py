"""Which files are the user's own, and not of an installed package or of Python itself."""

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
    """The folders that hold the user's modules: that of the experience, that of the tools, and those that a tool adds.

    What is in the other folders of `path`, the search path of this process before any tool could change it, is
    installed; and so is what no search path leads to.
    """

    def __init__(self, root: str, folder: str, path: Iterable[str]) -> None:
        self._root = root + os.sep
        self._homes = [self._root, folder + os.sep]
        self._given = frozenset(path)

    def is_own(self, file: str) -> bool:
        """Whether `file`, a module's, is the user's."""
        if file.startswith(STANDARD_LIBRARY):
            return False
        for entry in sys.path:
            if entry not in self._given and isinstance(entry, str) and entry:
                self._homes.append(os.path.join(os.path.abspath(entry), ""))  # noqa: PTH100, PTH118
                self._given |= {entry}
        inside = next((file[len(home) :] for home in self._homes if file.startswith(home)), None)
        return inside is not None and not any(name in PACKAGES for name in inside.split(os.sep))  # noqa: PTH206

    def owns(self, module: ModuleType) -> bool:
        """Whether `module` is the user's, which a package without an `__init__.py` is when all of its folders are."""
        try:
            file = getattr(module, "__file__", None)
            if file is None:
                folders = list(getattr(module, "__path__", ()))
                return bool(folders) and all(self.is_own(os.path.join(folder, "")) for folder in folders)  # noqa: PTH118
        except Exception:  # noqa: BLE001 — whatever somebody put into sys.modules
            return False
        return isinstance(file, str) and self.is_own(file)

    def shown(self, file: str) -> str:
        """`file` as its author knows it: relative to the experience."""
        return file[len(self._root) :] if file.startswith(self._root) else file
