"""The vertices that each vertex waits for, by edge or data (docs/format.md, Order), on plain ids."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from typing import TypeVar

from msgspec import Struct

_T = TypeVar("_T")


class VertexSet(Set[str]):
    """A set of vertices as one integer, with a bit for each position in the order: small and fast."""

    __slots__ = ("_bits", "_order", "_position")

    def __init__(self, bits: int, order: tuple[str, ...], position: Mapping[str, int]) -> None:
        self._bits = bits
        self._order = order
        self._position = position

    def __contains__(self, vertex: object) -> bool:
        position = self._position.get(vertex) if isinstance(vertex, str) else None
        return position is not None and bool(self._bits >> position & 1)

    def __iter__(self) -> Iterator[str]:
        """The members in topological order."""
        return (id_ for id_, bit in zip(self._order, reversed(f"{self._bits:b}"), strict=False) if bit == "1")

    def __len__(self) -> int:
        return self._bits.bit_count()

    @classmethod
    def _from_iterable(cls, it: Iterable[_T]) -> Set[_T]:
        """The result of `&`, `|` and `-`: a plain set, since the other operand may contain other values."""
        return frozenset(it)


class Waiting(Struct, frozen=True):
    """By vertex: the ids it waits for (`waits`), and all its ancestors as bits by position.

    `waits` contains all predecessors, but only those writers that no other wait already waits for: a chain of a
    thousand vertices that pass on one field has a thousand waits, not half a million.
    """

    waits: Mapping[str, tuple[str, ...]]
    writers: Mapping[str, tuple[str, ...]]
    ancestors: Mapping[str, int]
    edge_ancestors: Mapping[str, int]


def waiting(
    predecessors: Mapping[str, tuple[str, ...]],
    reads: Mapping[str, Collection[str]],
    writes: Mapping[str, Collection[str]],
    set_once: Set[str],
) -> Waiting:
    """Computes the waits of each vertex; the keys of `predecessors` are the vertices in topological order.

    Walks the order once: a vertex waits for the earlier writers of the fields that it reads and of the `set_once`
    fields that it writes.
    """
    order = tuple(predecessors)
    position = {id_: place for place, id_ in enumerate(order)}
    writers: dict[str, list[str]] = {}
    writer_bits: dict[str, int] = {}
    ancestors: dict[str, int] = {}
    edge_ancestors: dict[str, int] = {}
    waits: dict[str, tuple[str, ...]] = {}
    for id_, direct in predecessors.items():
        by_edge = by_any = 0
        for predecessor in direct:
            bit = 1 << position[predecessor]
            by_edge |= edge_ancestors[predecessor] | bit
            by_any |= ancestors[predecessor] | bit
        data: list[str] = []
        for field in {*reads[id_], *(set_once & {*writes[id_]})} if set_once else reads[id_]:
            uncovered = writer_bits.get(field, 0) & ~by_any
            while uncovered:
                last = order[uncovered.bit_length() - 1]
                data.append(last)
                by_any |= ancestors[last] | 1 << position[last]
                uncovered &= ~by_any
        edge_ancestors[id_], ancestors[id_] = by_edge, by_any
        both = (*direct, *data)
        waits[id_] = tuple(sorted(set(both), key=position.__getitem__)) if len(both) > 1 else both
        for field in writes[id_]:
            writers.setdefault(field, []).append(id_)
            writer_bits[field] = writer_bits.get(field, 0) | 1 << position[id_]
    return Waiting(waits, {field: tuple(ids) for field, ids in writers.items()}, ancestors, edge_ancestors)
