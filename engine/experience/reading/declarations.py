"""Where things are in the text: nodes, edges and fields by their names. For lenses, definitions and related places."""

from __future__ import annotations

from functools import cached_property

from msgspec import Struct

from engine.experience.model import Edge
from engine.experience.reading.parts import Parts
from engine.experience.reading.sections import Section
from engine.syntax import Span


class IdPlace(Struct, frozen=True):
    """A node, a pipeline or a loop: its id's value, and the whole of it."""

    id: Span
    whole: Span


class EdgePlace(Struct, frozen=True):
    """An edge: the whole of it, and its ends, where they are written."""

    whole: Span
    from_: Span | None
    to: Span | None


class Places(Struct, frozen=True, dict=True):
    """Looked up when asked for, so that an edit does not pay for what nobody looks at."""

    parts: Parts | None

    @cached_property
    def ids(self) -> dict[str, IdPlace]:
        """By id, the first node, pipeline or loop that has it, broken ones included."""
        places: dict[str, IdPlace] = {}
        for section in self.parts.with_ids if self.parts else ():
            for id_, span, whole in section.ids():
                places.setdefault(id_, IdPlace(span, whole))
        return places

    @cached_property
    def edges(self) -> tuple[EdgePlace, ...]:
        """Each edge in the order of the text, broken ones included."""
        section = self.parts.edges if self.parts else None
        return tuple(_edge_place(section, at) for at in range(len(section.items))) if section else ()

    @cached_property
    def fields(self) -> dict[str, Span]:
        """By name, the key of each state field."""
        return {name: span for name, span, _ in self.parts.fields.ids()} if self.parts else {}


def _edge_place(section: Section[Edge], position: int) -> EdgePlace:
    ends = {name.by: section.place(position, name.span) for name in section.items[position].refs}
    return EdgePlace(section.span(position), ends.get("from"), ends.get("to"))
