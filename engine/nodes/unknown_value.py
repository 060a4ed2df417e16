"""Placeholders for values that are not known yet, in the preview of a prompt. A run has none."""

from __future__ import annotations

from collections.abc import Sequence

from engine.expressions import MISSING, Json, Missing, descend
from engine.expressions.paths import Step


class UnknownValue(str):
    """The mark that stands for a value, such as `⟨unknown: findings⟩`. Whatever is asked of it is unknown, too."""

    __slots__ = ()

    @classmethod
    def of(cls, name: str) -> UnknownValue:
        """The mark for the value `name`."""
        return cls(f"⟨unknown: {name}⟩")


def descend_known(value: Json, steps: Sequence[Step]) -> Json | Missing:
    """As `descend`; where the way leads into an unknown value, that value."""
    found = descend(value, steps)
    if found is not MISSING:
        return found
    on_the_way = (descend(value, steps[:end]) for end in range(len(steps)))
    return next((part for part in on_the_way if isinstance(part, UnknownValue)), MISSING)
