"""What stands in a text, and is equal to what says the same in another place."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct


class Placed(Struct, frozen=True, eq=False):
    """Base of the parts of expressions and templates. What `aside` names does not count in comparisons."""

    aside: ClassVar[frozenset[str]] = frozenset({"span"})

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._said() == other._said()

    def __hash__(self) -> int:
        return hash(self._said())

    def _said(self) -> tuple[object, ...]:
        return tuple([getattr(self, name) for name in self.__struct_fields__ if name not in self.aside])
