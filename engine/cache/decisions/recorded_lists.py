"""The lists of an original run's fan-outs and pipelines, and the items reached, to recognise new items. Pure."""

from __future__ import annotations

from msgspec import Struct, field

from engine.cache.decisions.execution_path import ExecutionPath, path_of
from engine.log.events.events import Scope

Group = ExecutionPath
"""The path of a fan-out or pipeline."""


class RecordedLists(Struct):
    """`sizes` are list lengths; `reached` has the keys of the items that were begun or restored, by index."""

    sizes: dict[Group, int] = field(default_factory=dict)
    reached: dict[Group, dict[int, str]] = field(default_factory=dict)

    def note_size(self, node_id: str, scope: tuple[Scope, ...], items: int) -> None:
        """Note that a fan-out or pipeline began with so many items."""
        self.sizes[path_of(node_id, scope)] = items

    def note_reached(self, scope: tuple[Scope, ...]) -> None:
        """Note that something inside `scope` was begun or restored."""
        for at in reversed(range(len(scope))):
            item = scope[at].item
            if item is not None:
                self.reached.setdefault(path_of(scope[at].id, scope[:at]), {})[item.index] = item.key
                return

    def add_older(self, older: RecordedLists) -> None:
        """Add the lists that only an earlier run reached."""
        for group, size in older.sizes.items():
            if group not in self.sizes:
                self.sizes[group] = size
                self.reached[group] = older.reached.get(group, {})

    def is_new(self, path: ExecutionPath, index: int | None) -> bool:
        """Whether the item at `path`, which has `index` in the current list, is in no list of the original run.

        An item that was never begun left no key: the item with its index is taken for it.
        """
        steps = path[0]
        at = next((at for at in reversed(range(len(steps))) if steps[at][2] is not None), None)
        if at is None:
            return False
        group = steps[:at], steps[at][1]
        size, reached = self.sizes.get(group), self.reached.get(group, {})
        if size is None or steps[at][2] in reached.values():
            return False
        return index is None or index >= size or index in reached
