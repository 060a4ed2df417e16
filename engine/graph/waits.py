"""What each vertex of an order waits for, by edge or by data (docs/format.md, Order), on plain ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import TypeVar

_T = TypeVar("_T")


class VertexSet(Set[str]):
    """A set of vertices as one integer, a bit for each position in the order: small, and quick to ask."""

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
        """What `&`, `|` and `-` give: a plain set, since the other side may hold what is no vertex."""
        return frozenset(it)


@dataclass(frozen=True, slots=True)
class _DataWait:
    """The first `count` writers of `field`, in topological order."""

    field: str
    count: int


@dataclass(frozen=True, slots=True)
class Waits(Mapping[str, tuple[str, ...]]):
    """By vertex: the ids it waits for directly, by edge or by data, in topological order.

    Made when asked for: written out, a thousand readers of a field with a thousand writers are a million ids.
    """

    _position: Mapping[str, int]
    _predecessors: Mapping[str, tuple[str, ...]]
    _data: Mapping[str, tuple[_DataWait, ...]]
    _writers: Mapping[str, list[str]]

    def __getitem__(self, vertex: str) -> tuple[str, ...]:
        waits = set(self._predecessors[vertex])
        for wait in self._data[vertex]:
            waits.update(self._writers[wait.field][: wait.count])
        return tuple(sorted(waits, key=self._position.__getitem__))

    def __iter__(self) -> Iterator[str]:
        return iter(self._predecessors)

    def __len__(self) -> int:
        return len(self._predecessors)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The waits of an order, and their closures: as bits by position, by vertex."""

    waits: Waits
    writers: Mapping[str, list[str]]
    ancestors: Mapping[str, int]
    edge_ancestors: Mapping[str, int]


def waiting(
    predecessors: Mapping[str, tuple[str, ...]],
    reads: Mapping[str, Set[str]],
    writes: Mapping[str, tuple[str, ...]],
    set_once: Set[str],
) -> Waiting:
    """Work out the waits of every vertex; the keys of `predecessors` are the vertices in topological order.

    Walks the order once: data makes a vertex wait for the writers met so far of the fields that it reads, and
    of the `set_once` fields that it writes.
    """
    position = {id_: place for place, id_ in enumerate(predecessors)}
    writers: dict[str, list[str]] = {}
    written: dict[str, int] = {}  # by field: its writers so far and all that they wait for
    ancestors: dict[str, int] = {}
    edge_ancestors: dict[str, int] = {}
    data: dict[str, tuple[_DataWait, ...]] = {}
    for id_, direct in predecessors.items():
        by_edge = by_any = 0
        for predecessor in direct:
            bit = 1 << position[predecessor]
            by_edge |= edge_ancestors[predecessor] | bit
            by_any |= ancestors[predecessor] | bit
        awaited = (reads[id_] | (set_once & set(writes[id_]))) & writers.keys()
        data[id_] = tuple(_DataWait(field, len(writers[field])) for field in sorted(awaited))
        for field in awaited:
            by_any |= written[field]
        edge_ancestors[id_], ancestors[id_] = by_edge, by_any
        for field in writes[id_]:
            writers.setdefault(field, []).append(id_)
            written[field] = written.get(field, 0) | by_any | 1 << position[id_]
    return Waiting(Waits(position, predecessors, data, writers), writers, ancestors, edge_ancestors)
