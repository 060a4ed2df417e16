"""Makes `engine`, `schemas` and `oe_lsp` import as ours, wherever else a folder has one of these names.

PYTHONPATH and the current directory are for the tools of experiences, which run in processes of their own. Imports next
to nothing, since every start imports it.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

NAMES = frozenset({"engine", "schemas", "oe_lsp"})
_HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class OwnPackages:
    """A finder of our packages: beside this one, and nowhere else."""

    @staticmethod
    def find_spec(
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """See importlib.abc.MetaPathFinder."""
        return PathFinder.find_spec(name, [_HOME], target) if path is None and name in NAMES else None


def come_first() -> None:
    """Install the finder. As a program (`python -m`), also search PYTHONPATH and the current directory last."""
    if OwnPackages not in sys.meta_path:
        sys.meta_path.insert(0, OwnPackages)
    if sys.argv[:1] == ["-m"]:  # while Python searches for the module to run
        put_others_last()


def put_others_last() -> None:
    """Search PYTHONPATH and the current directory after installed packages: a `click.py` there is not our library."""
    last = {_absolute(entry) for entry in ("", *os.environ.get("PYTHONPATH", "").split(os.pathsep))}
    others = [entry for entry in sys.path if _absolute(entry) in last and _absolute(entry) != _HOME]
    sys.path[:] = [*(entry for entry in sys.path if entry not in others), *others]


def _absolute(entry: str) -> str:
    """The absolute path of an entry of sys.path; unchanged where the current directory no longer exists."""
    try:
        return os.path.abspath(entry)
    except OSError:
        return entry
