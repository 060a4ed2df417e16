"""Values that know their span in the text, but compare without it."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct


class Located(Struct, frozen=True, eq=False):
    """Base of the parts of expressions and templates. Comparisons ignore the fields in `ignored`."""

    ignored: ClassVar[frozenset[str]] = frozenset({"span"})

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._compared() == other._compared()

    def __hash__(self) -> int:
        return hash(self._compared())

    def _compared(self) -> tuple[object, ...]:
        return tuple([getattr(self, name) for name in self.__struct_fields__ if name not in self.ignored])
