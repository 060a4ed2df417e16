"""Where the packages of `oe` are loaded from, and what else on the search path has their names (for `oe doctor`)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

NAMES = ("engine", "schemas", "oe_lsp")


class Package(Struct, frozen=True):
    """One of our packages: its folder, and the folders or files that an `import` of its name could find instead."""

    name: str
    folder: Path
    others: tuple[Path, ...]


def own_packages() -> Iterator[Package]:
    """Our packages, as this process has loaded them, in the order of NAMES."""
    for name in NAMES:
        spec = find_spec(name)
        folder = Path(spec.origin).parent if spec is not None and spec.origin else Path()
        yield Package(name, folder, tuple(dict.fromkeys(_others(name, folder))))


def _others(name: str, folder: Path) -> Iterator[Path]:
    """What else has the name on the search path, including PYTHONPATH and the current directory."""
    for entry in ("", *os.environ.get("PYTHONPATH", "").split(os.pathsep), *sys.path):
        try:
            spec = PathFinder.find_spec(name, [str(Path(entry).absolute())])
        except OSError:  # the current directory was deleted
            continue
        if spec is None:
            continue
        is_package = spec.submodule_search_locations is not None
        if spec.origin:
            found = [Path(spec.origin).parent if is_package else Path(spec.origin)]
        else:
            found = [Path(location) for location in spec.submodule_search_locations or ()]
        yield from (path.absolute() for path in found if path.resolve() != folder.resolve())
