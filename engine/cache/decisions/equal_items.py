"""Assigns recorded outcomes to equal items of a list. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from engine.cache.decisions.execution_path import ExecutionPath


class EqualItems:
    """The ordinals with recorded outcomes, by what equal items have in common."""

    def __init__(self, paths: Iterable[ExecutionPath]) -> None:
        self._ordinals: dict[ExecutionPath, dict[int, ExecutionPath]] = {}
        for path in paths:
            split = _split(path)
            if split is not None:
                group, ordinal = split
                self._ordinals.setdefault(group, {})[ordinal] = path

    def spare(self, path: ExecutionPath, equals: int) -> ExecutionPath | None:
        """The path of which the item at `path`, which has no outcome, may take one; None where there is none.

        The current list has `equals` items of its value. What is recorded for one of these belongs to it alone.
        """
        split = _split(path)
        if split is None:
            return None
        group, ordinal = split
        recorded = self._ordinals.get(group, {})
        spare = sorted(other for other in recorded if other >= equals)
        before = sum(1 for earlier in range(ordinal) if earlier not in recorded)
        return recorded[spare[before]] if before < len(spare) else None


def _split(path: ExecutionPath) -> tuple[ExecutionPath, int] | None:
    """The path without the ordinal of its innermost item, which equal items share; and that ordinal."""
    steps, node_id = path
    for at in range(len(steps) - 1, -1, -1):
        kind, id_, key, iteration = steps[at]
        if key is not None:
            digest, _, ordinal = key.rpartition("#")
            if not digest or not ordinal.isdecimal():
                return None
            return ((*steps[:at], (kind, id_, digest, iteration), *steps[at + 1 :]), node_id), int(ordinal)
    return None
