"""Sees to it that `engine`, `schemas` and `oe_lsp` are ours: the first two are names that others give folders, too.

Whatever stands on PYTHONPATH or in the current directory is for the tools of experiences, which run in processes of
their own. Imports next to nothing, since everything begins here.
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
    """Finds our packages beside this one, wherever else one of their names may stand."""

    @staticmethod
    def find_spec(
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """See importlib.abc.MetaPathFinder."""
        return PathFinder.find_spec(name, [_HOME], target) if path is None and name in NAMES else None


def come_first() -> None:
    """Find our packages in their own place from now on. As a program, also take from others what we import last."""
    if OwnPackages not in sys.meta_path:
        sys.meta_path.insert(0, OwnPackages)
    if sys.argv[:1] == ["-m"]:  # while Python looks for the module that it was told to run
        put_others_last()


def put_others_last() -> None:
    """Search PYTHONPATH and the current directory after what is installed: a `click.py` there is no library of ours."""
    named = {_absolute(entry) for entry in ("", *os.environ.get("PYTHONPATH", "").split(os.pathsep))}
    others = [entry for entry in sys.path if _absolute(entry) in named and _absolute(entry) != _HOME]
    sys.path[:] = [*(entry for entry in sys.path if entry not in others), *others]


def _absolute(entry: str) -> str:
    """An entry of a search path, the empty one being the current directory; as it is where that is gone."""
    try:
        return os.path.abspath(entry)
    except OSError:
        return entry
