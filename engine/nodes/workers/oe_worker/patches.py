"""Detects names of other modules that a tool replaced, such as `json.dumps = …`, and restores them."""

from __future__ import annotations

import builtins
import os
import sys
import time
import warnings
from types import FunctionType, ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from engine.nodes.workers.oe_worker.places import Places


OF_TIME_ZONE = ("tzname", "timezone", "altzone", "daylight")
"""Restored with the environment, by `tzset`."""


class Patches:
    """The names of the modules that tools use: a few common ones, and those that their modules import."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._names: dict[ModuleType, dict[str, Any]] = {}
        self._was_patched = False
        for module in (sys, builtins, os, os.path, time, warnings):
            self._names[module] = dict(vars(module))

    def watch(self, own: Iterable[ModuleType]) -> None:
        """Watches the modules that these user modules import."""
        for module in own:
            self._watch(list(vars(module).values()))

    def _watch(self, values: Iterable[Any]) -> None:
        for value in values:
            if isinstance(value, ModuleType) and value not in self._names and not self._places.owns(value):
                self._names[value] = dict(vars(value))
                self._was_patched = self._was_patched or any(map(self._is_strange, vars(value).values()))

    def accept(self, module: ModuleType) -> None:
        """Takes the current names of `module` as the right ones."""
        self._names[module] = dict(vars(module))

    def watch_named(self, names: Iterable[str]) -> None:
        """Watches the loaded modules with these names, unless they are the user's."""
        self._watch(sys.modules[name] for name in names if name in sys.modules)

    def undo(self) -> tuple[bool, bool]:
        """Restores the names; returns whether any differed, and whether other modules may have copied a replacement."""
        was_different = False
        self._names[time].update((name, getattr(time, name, None)) for name in OF_TIME_ZONE)
        for module, names in self._names.items():
            now = vars(module)
            if not _is_same(now, names):
                was_different = self._put_back(module, now, names) or was_different
        was_patched, self._was_patched = self._was_patched, False
        return was_different or was_patched, was_patched

    def _put_back(self, module: ModuleType, now: dict[str, Any], names: dict[str, Any]) -> bool:
        was_different = False
        for name in [name for name in now if name not in names]:
            if isinstance(now[name], ModuleType):  # a submodule that was imported meanwhile
                names[name] = now[name]
            else:
                del now[name]
        for name, value in names.items():
            if name not in now or now[name] is not value:
                now[name] = value
                was_different = was_different or value is not None  # None: a lazily filled name
                self._was_patched = self._was_patched or (callable(value) and module is not sys)
        return was_different

    def _is_strange(self, value: Any) -> bool:
        return isinstance(value, FunctionType) and self._places.is_own(value.__code__.co_filename)


def _is_same(left: dict[str, Any], right: dict[str, Any]) -> bool:
    try:
        return left == right
    except Exception:  # noqa: BLE001 — the comparison of a tool's object may fail
        return False
