"""Layered layout of a graph: from top to bottom, with few crossings and mostly straight lines.

Layers by longest path, order within a layer by the mean position of neighbours, coordinates by least squares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

_SWEEPS = 12


class Size(Struct, frozen=True):
    """The size of boxes, and the gaps between layers and between boxes of a layer."""

    width: float
    height: float
    gap: float
    layer_gap: float
    bend_width: float = 12.0


class Layout(Struct, frozen=True):
    """The centre of each box, and the points of each line from top to bottom."""

    boxes: Mapping[str, tuple[float, float]]
    lines: Mapping[tuple[str, str], Sequence[tuple[float, float]]]
    width: float
    height: float


class _Spot(Struct):
    """A vertex, or a bend of a line that crosses a layer."""

    layer: int
    width: float
    above: list[int]
    below: list[int]
    x: float = 0.0


def layout(order: Sequence[str], edges: Sequence[tuple[str, str]], size: Size) -> Layout:
    """Lay out an acyclic graph; `order` is a topological order of its vertices."""
    unique = list(dict.fromkeys(edges))
    layer_of = _layers(order, unique)
    spots = [_Spot(layer_of[id_], size.width, [], []) for id_ in order]
    number = {id_: place for place, id_ in enumerate(order)}
    chains = {edge: _chain(spots, number[edge[0]], number[edge[1]], size.bend_width) for edge in unique}
    layers: list[list[int]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for place, spot in enumerate(spots):
        layers[spot.layer].append(place)
    _order_layers(spots, layers)
    _place(spots, layers, size.gap)
    return _finished(spots, number, chains, size)


def _layers(order: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The length of the longest path; a vertex without predecessors is just above its first successor."""
    layer = dict.fromkeys(order, 0)
    successors: dict[str, list[str]] = {id_: [] for id_ in order}
    has_predecessor = {to for _, to in edges}
    for from_, to in edges:
        successors[from_].append(to)
    for id_ in order:
        for successor in successors[id_]:
            layer[successor] = max(layer[successor], layer[id_] + 1)
    for id_ in order:
        if id_ not in has_predecessor and successors[id_]:
            layer[id_] = min(layer[successor] for successor in successors[id_]) - 1
    return layer


def _chain(spots: list[_Spot], start: int, end: int, width: float) -> list[int]:
    """The spots of an edge: its ends, and a bend in each layer in between."""
    chain = [start]
    for layer in range(spots[start].layer + 1, spots[end].layer):
        spots.append(_Spot(layer, width, [], []))
        chain.append(len(spots) - 1)
    chain.append(end)
    for upper, lower in pairwise(chain):
        spots[upper].below.append(lower)
        spots[lower].above.append(upper)
    return chain


def _order_layers(spots: list[_Spot], layers: list[list[int]]) -> None:
    """Sort each layer by the positions of neighbours, down and up in turn; keep the order with the fewest crossings."""
    best, fewest = [list(layer) for layer in layers], _crossings(spots, layers)
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        down = sweep % 2 == 0
        for layer in layers[1:] if down else layers[-2::-1]:
            position = {place: rank for each in layers for rank, place in enumerate(each)}
            layer.sort(key=_mean_position(spots, position, down=down))
        crossings = _crossings(spots, layers)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    layers[:] = best


def _mean_position(spots: list[_Spot], position: Mapping[int, int], *, down: bool) -> Callable[[int], float]:
    def mean(place: int) -> float:
        neighbours = spots[place].above if down else spots[place].below
        if not neighbours:
            return position[place]
        return sum(position[neighbour] for neighbour in neighbours) / len(neighbours)

    return mean


def _crossings(spots: list[_Spot], layers: list[list[int]]) -> int:
    """The number of pairs of lines that cross between neighbouring layers."""
    total = 0
    for upper, lower in pairwise(layers):
        position = {place: rank for rank, place in enumerate(lower)}
        ends = [position[below] for place in upper for below in sorted(spots[place].below, key=position.__getitem__)]
        total += _inversions(ends, len(lower))
    return total


def _inversions(numbers: Sequence[int], size: int) -> int:
    """The number of pairs in the wrong order, counted with a binary indexed tree."""
    tree = [0] * (size + 1)
    total = 0
    for seen, number in enumerate(numbers):
        not_above = 0
        index = number + 1
        while index:
            not_above += tree[index]
            index &= index - 1
        total += seen - not_above
        index = number + 1
        while index <= size:
            tree[index] += 1
            index += index & -index
    return total


def _place(spots: list[_Spot], layers: list[list[int]], gap: float) -> None:
    """Move every spot towards the mean of its neighbours, as far as the order and the gaps allow."""
    for layer in layers:
        _settle(spots, layer, [0.0] * len(layer), gap)
    for sweep in range(_SWEEPS):
        for layer in layers if sweep % 2 == 0 else layers[::-1]:
            wanted = []
            for place in layer:
                spot = spots[place]
                neighbours = [*spot.above, *spot.below]
                if sweep < _SWEEPS // 2:
                    neighbours = spot.above if sweep % 2 == 0 else spot.below
                xs = [spots[neighbour].x for neighbour in neighbours]
                wanted.append(sum(xs) / len(xs) if xs else spot.x)
            _settle(spots, layer, wanted, gap)


def _settle(spots: list[_Spot], layer: Sequence[int], wanted: Sequence[float], gap: float) -> None:
    """Place a layer as near as possible to `wanted`, by least squares, with order and gaps kept (pooled means)."""
    offsets = [0.0]
    for left, right in pairwise(layer):
        offsets.append(offsets[-1] + (spots[left].width + spots[right].width) / 2 + gap)
    pools: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=False):
        mean, count = want - offset, 1
        while pools and pools[-1][0] > mean:
            other, others = pools.pop()
            mean, count = (mean * count + other * others) / (count + others), count + others
        pools.append((mean, count))
    means = [mean for mean, count in pools for _ in range(count)]
    for place, mean, offset in zip(layer, means, offsets, strict=True):
        spots[place].x = mean + offset


def _finished(
    spots: list[_Spot], number: Mapping[str, int], chains: Mapping[tuple[str, str], list[int]], size: Size
) -> Layout:
    """Move everything to non-negative coordinates."""
    left = min((spot.x - spot.width / 2 for spot in spots), default=0.0)
    right = max((spot.x + spot.width / 2 for spot in spots), default=0.0)
    step = size.height + size.layer_gap

    def point(place: int, edge: float = 0.0) -> tuple[float, float]:
        return spots[place].x - left, spots[place].layer * step + size.height / 2 + edge

    half = size.height / 2
    lines = {}
    for ends, chain in chains.items():
        points = [point(chain[0], half)]
        for bend in chain[1:-1]:
            points += [point(bend, -half), point(bend, half)]
        lines[ends] = [*points, point(chain[-1], -half)]
    height = max((spot.layer for spot in spots), default=0) * step + size.height
    return Layout({id_: point(place) for id_, place in number.items()}, lines, right - left, height)
