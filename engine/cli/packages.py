"""Where the packages of `oe` are loaded from, and what else bears their names (for `oe doctor`)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from importlib.util import find_spec

from msgspec import Struct

NAMES = ("engine", "schemas", "oe_lsp")


class Package(Struct, frozen=True):
    """One of our packages: its folder, and the folders or files that an `import` by its name could find instead."""

    name: str
    folder: str
    others: tuple[str, ...]


def own_packages() -> Iterator[Package]:
    """Our packages, as this process has loaded them, in the order of NAMES."""
    for name in NAMES:
        spec = find_spec(name)
        folder = os.path.dirname(spec.origin) if spec is not None and spec.origin else ""
        yield Package(name, folder, tuple(dict.fromkeys(_others(name, folder))))


def _others(name: str, folder: str) -> Iterator[str]:
    """What else bears the name on the search path, PYTHONPATH and the current directory included."""
    for place in ("", *os.environ.get("PYTHONPATH", "").split(os.pathsep), *sys.path):
        try:
            spec = PathFinder.find_spec(name, [os.path.abspath(place)])
        except OSError:  # the current directory was deleted
            continue
        if spec is None:
            continue
        found = os.path.dirname(spec.origin) if spec.submodule_search_locations and spec.origin else spec.origin
        for path in (found,) if found else spec.submodule_search_locations or ():
            if not _same(path, folder):
                yield os.path.abspath(path)


def _same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
