"""The order within the layers of a graph, with few crossings.

Trees that hang from a single vertex are put in last, where they cross least: so a new leaf reorders nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from itertools import pairwise

from msgspec import Struct

_SWEEPS = 12


class Spot(Struct):
    """A vertex, or a bend of a line that crosses a layer. `above` and `below` are the numbers of its neighbours.

    `rank` breaks ties: the place in the document of the vertex, or of the line's target.
    """

    layer: int
    width: float
    height: float
    rank: int
    above: list[int]
    below: list[int]
    x: float = 0.0


Layers = list[list[int]]


def ordered(spots: Sequence[Spot]) -> Layers:
    """The numbers of the spots of each layer, from left to right."""
    hanging = _hanging(spots)
    layers: Layers = [[] for _ in range(max((spot.layer for spot in spots), default=-1) + 1)]
    for number, spot in sorted(enumerate(spots), key=lambda each: each[1].rank):
        if number not in hanging:
            layers[spot.layer].append(number)
    layers = _uncrossed(spots, layers)
    _hang(spots, layers, hanging)
    return layers


def _hanging(spots: Sequence[Spot]) -> Set[int]:
    """The spots of trees that hang from one spot: each has one neighbour above, and only such spots below."""
    left = [len(spot.below) for spot in spots]
    found: set[int] = set()
    ends = [number for number, count in enumerate(left) if count == 0]
    while ends:
        number = ends.pop()
        if len(spots[number].above) != 1:
            continue
        found.add(number)
        (above,) = spots[number].above
        left[above] -= 1
        if left[above] == 0:
            ends.append(above)
    return found


def _uncrossed(spots: Sequence[Spot], layers: Layers) -> Layers:
    """Sort each layer by the positions of neighbours, down and up in turn; keep the order with the fewest crossings."""
    position = {number: place for layer in layers for place, number in enumerate(layer)}
    best, fewest = [list(layer) for layer in layers], crossings(spots, layers)
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        down = sweep % 2 == 0
        for layer in layers[1:] if down else layers[-2::-1]:
            layer.sort(key=_mean_position(spots, position, down=down))
            position.update((number, place) for place, number in enumerate(layer))
        crossed = crossings(spots, layers)
        if crossed < fewest:
            best, fewest = [list(layer) for layer in layers], crossed
    return best


def _mean_position(spots: Sequence[Spot], position: Mapping[int, int], *, down: bool) -> Callable[[int], float]:
    def mean(number: int) -> float:
        neighbours = spots[number].above if down else spots[number].below
        known = [position[each] for each in neighbours if each in position]
        return sum(known) / len(known) if known else position[number]

    return mean


def _hang(spots: Sequence[Spot], layers: Layers, hanging: Set[int]) -> None:
    """Put the hanging trees into their layers, from top to bottom."""
    by_layer: Layers = [[] for _ in layers]
    for number in hanging:
        by_layer[spots[number].layer].append(number)
    for number in range(1, len(layers)):
        if by_layer[number]:
            layers[number] = _merged(spots, layers[number - 1], layers[number], by_layer[number])


def _merged(spots: Sequence[Spot], upper: Sequence[int], lower: Sequence[int], more: Sequence[int]) -> list[int]:
    """A layer with `more` spots, each where its line crosses the fewest lines of the others."""
    position = {number: place for place, number in enumerate(upper)}
    above = [[position[each] for each in spots[number].above] for number in lower]
    slots: dict[int, int] = {}

    def slot(number: int) -> int:
        parent = position[spots[number].above[0]]
        if parent not in slots:
            slots[parent] = _slot(above, parent)
        place = slots[parent]
        # Among the children of the same spot, the order of the document counts.
        while place < len(lower) and above[place] == [parent] and spots[lower[place]].rank < spots[number].rank:
            place += 1
        return place

    placed = sorted((slot(number), position[spots[number].above[0]], spots[number].rank, number) for number in more)
    merged: list[int] = []
    for place in range(len(lower) + 1):
        while placed and placed[0][0] == place:
            merged.append(placed.pop(0)[-1])
        merged += lower[place : place + 1]
    return merged


def _slot(above: Sequence[Sequence[int]], parent: int) -> int:
    """The first place at which a line from `parent` crosses the fewest of the lines from `above`."""
    crossed = fewest = sum(position < parent for positions in above for position in positions)
    best = 0
    for place, positions in enumerate(above, 1):
        crossed += sum((position > parent) - (position < parent) for position in positions)
        if crossed < fewest:
            best, fewest = place, crossed
    return best


def crossings(spots: Sequence[Spot], layers: Sequence[Sequence[int]]) -> int:
    """The number of pairs of lines that cross between neighbouring layers."""
    total = 0
    for upper, lower in pairwise(layers):
        position = {number: place for place, number in enumerate(lower)}
        ends = [
            place
            for number in upper
            for place in sorted(position[each] for each in spots[number].below if each in position)
        ]
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
