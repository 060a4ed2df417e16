"""Places of nodes, edges and fields in the text, by name: for lenses, definitions and related places."""

from __future__ import annotations

from functools import cached_property

from msgspec import Struct

from engine.experience.model import Edge
from engine.experience.reading.parts import Parts
from engine.experience.reading.sections import Section
from engine.syntax import Span


class IdPlace(Struct, frozen=True):
    """The spans of a node, pipeline or loop: the value of its id, and the whole item."""

    id: Span
    whole: Span


class EdgePlace(Struct, frozen=True):
    """The spans of an edge: the whole item, and its ends if they are written."""

    whole: Span
    from_: Span | None
    to: Span | None


class Places(Struct, frozen=True, dict=True):
    """The places in a text, computed on first use, so that an edit does not pay for unused ones."""

    parts: Parts | None

    @cached_property
    def ids(self) -> dict[str, IdPlace]:
        """By id, the first node, pipeline or loop with it, including broken ones."""
        places: dict[str, IdPlace] = {}
        for section in self.parts.with_ids if self.parts else ():
            for id_, span, whole in section.ids():
                places.setdefault(id_, IdPlace(span, whole))
        return places

    @cached_property
    def edges(self) -> tuple[EdgePlace, ...]:
        """The edges in the order of the text, including broken ones."""
        section = self.parts.edges if self.parts else None
        return tuple(_edge_place(section, at) for at in range(len(section.items))) if section else ()

    @cached_property
    def fields(self) -> dict[str, Span]:
        """The keys of the state fields, by name."""
        return {name: span for name, span, _ in self.parts.fields.ids()} if self.parts else {}


def _edge_place(section: Section[Edge], position: int) -> EdgePlace:
    ends = {name.by: section.place(position, name.span) for name in section.items[position].refs}
    return EdgePlace(section.span(position), ends.get("from"), ends.get("to"))
