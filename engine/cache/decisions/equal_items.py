"""Items of a list that are equal: which recorded outcome each of them may take. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from engine.cache.decisions.execution_path import Place


class EqualItems:
    """The ordinals for which outcomes are recorded, by what equal items have in common."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._ordinals: dict[Place, dict[int, Place]] = {}
        for place in places:
            parted = _parted(place)
            if parted is not None:
                group, ordinal = parted
                self._ordinals.setdefault(group, {})[ordinal] = place

    def spare(self, place: Place, equals: int) -> Place | None:
        """The place of which the item at `place`, which has no outcome, may take one; None where there is none.

        Today's list has `equals` items of its value. What is recorded for one of these belongs to it alone.
        """
        parted = _parted(place)
        if parted is None:
            return None
        group, ordinal = parted
        recorded = self._ordinals.get(group, {})
        spare = sorted(other for other in recorded if other >= equals)
        before = sum(1 for earlier in range(ordinal) if earlier not in recorded)
        return recorded[spare[before]] if before < len(spare) else None


def _parted(place: Place) -> tuple[Place, int] | None:
    """What `place` has in common with equal items, the innermost one's ordinal taken out; and that ordinal."""
    steps, node_id = place
    for at in range(len(steps) - 1, -1, -1):
        kind, id_, key, iteration = steps[at]
        if key is not None:
            digest, _, ordinal = key.rpartition("#")
            if not digest or not ordinal.isdecimal():
                return None
            return ((*steps[:at], (kind, id_, digest, iteration), *steps[at + 1 :]), node_id), int(ordinal)
    return None
