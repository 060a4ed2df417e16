"""The layer of each vertex: by longest path, and below all layers of earlier bands.

Bands are the phases of an experience. Layers depend on the structure alone, never on names or on what a run does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from msgspec import Struct


class Band(Struct, frozen=True):
    """A band of layers, first and last included. `rank` is that of its vertices: `1.5` for those between two ranks."""

    rank: float
    first: int
    last: int


class Layering(Struct, frozen=True):
    """The layer of each vertex, and the bands from top to bottom: a single one if no vertex has a rank."""

    layers: Mapping[str, int]
    bands: tuple[Band, ...]


def layering(order: Sequence[str], edges: Sequence[tuple[str, str]], ranks: Mapping[str, int]) -> Layering:
    """The layers of an acyclic graph; `order` is a topological order, `ranks` are the bands of vertices, if any.

    A vertex whose predecessors are in a later band is in that band, too. One without a rank is in a band of its own
    between those before and after it, unless both are the same. A vertex without predecessors is just above its first
    successor, within its band; successors that nothing else leads to do not count.
    """
    predecessors: dict[str, list[str]] = {id_: [] for id_ in order}
    successors: dict[str, list[str]] = {id_: [] for id_ in order}
    for from_, to in edges:
        predecessors[to].append(from_)
        successors[from_].append(to)
    ranked = _ranked(order, predecessors, successors, ranks)
    hanging = _hanging(order, predecessors, successors)
    layers: dict[str, int] = {}
    bands: list[Band] = []
    for rank in sorted(set(ranked.values())):
        first = bands[-1].last + 1 if bands else 0
        inside = [id_ for id_ in order if ranked[id_] == rank]
        core = [id_ for id_ in inside if id_ not in hanging]
        for id_ in core:
            layers[id_] = max([first, *(layers[above] + 1 for above in predecessors[id_])])
        last = max((layers[id_] for id_ in core), default=first)
        for id_ in core:
            joined = [layers[below] - 1 for below in successors[id_] if below in layers and below not in hanging]
            if not predecessors[id_] and any(below not in hanging for below in successors[id_]):
                layers[id_] = max(first, min([*joined, last]))
        for id_ in inside:
            if id_ in hanging:
                layers[id_] = max(first, layers[predecessors[id_][0]] + 1)
        bands.append(Band(rank, first, max(layers[id_] for id_ in inside)))
    return Layering(layers, tuple(bands))


def _hanging(
    order: Sequence[str], predecessors: Mapping[str, Sequence[str]], successors: Mapping[str, Sequence[str]]
) -> set[str]:
    """The vertices of trees that hang from one vertex: these never move what they hang from."""
    found: set[str] = set()
    for id_ in reversed(order):
        if len(predecessors[id_]) == 1 and all(below in found for below in successors[id_]):
            found.add(id_)
    return found


def _ranked(
    order: Sequence[str],
    predecessors: Mapping[str, Sequence[str]],
    successors: Mapping[str, Sequence[str]],
    ranks: Mapping[str, int],
) -> dict[str, float]:
    """A rank for every vertex, which never falls along an edge; between two ranks for one that belongs to neither."""
    lowest_below: dict[str, float] = {}
    for id_ in reversed(order):
        below = [min(lowest_below[each], ranks.get(each, math.inf)) for each in successors[id_]]
        lowest_below[id_] = min(below, default=math.inf)
    first, last = min(ranks.values(), default=0), max(ranks.values(), default=0)
    ranked: dict[str, float] = {}
    for id_ in order:
        above = max((ranked[each] for each in predecessors[id_]), default=-math.inf)
        if id_ in ranks:
            ranked[id_] = max(above, ranks[id_])
        elif lowest_below[id_] <= above or not ranks:
            ranked[id_] = max(above, first)
        elif predecessors[id_]:
            ranked[id_] = math.floor(above) + 0.5
        else:
            ranked[id_] = min(lowest_below[id_], last + 1) - 0.5
    return ranked
