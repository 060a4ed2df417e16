"""Layered layout of a graph: from top to bottom, with few crossings and mostly straight lines.

It depends on the structure alone, and a small edit moves little. Coordinates are by least squares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from itertools import pairwise

from msgspec import Struct

from engine.report.drawing.layer_order import Spot, ordered
from engine.report.drawing.layering import layering

_SWEEPS = 12
_BENDS_PER_BOX = 2
_FEW_BENDS = 200


class Size(Struct, frozen=True):
    """The size of boxes, and the gaps between layers and between boxes of a layer.

    `band_gap` is added above each band with a rank of its own, `label_gap` between layers where a line with a label
    starts or ends.
    """

    width: float
    height: float
    gap: float
    layer_gap: float
    bend_width: float = 12.0
    band_gap: float = 0.0
    label_gap: float = 0.0


class Lane(Struct, frozen=True):
    """A band of the drawing, of the vertices with this rank, with the gap above them that is its own."""

    rank: float
    top: float
    bottom: float


class Layout(Struct, frozen=True):
    """The centre of each box, the points of each line from top to bottom, and the bands."""

    boxes: Mapping[str, tuple[float, float]]
    lines: Mapping[tuple[str, str], Sequence[tuple[float, float]]]
    width: float
    height: float
    lanes: tuple[Lane, ...] = ()


def layout(
    order: Sequence[str],
    edges: Sequence[tuple[str, str]],
    size: Size,
    heights: Mapping[str, float] | None = None,
    ranks: Mapping[str, int] | None = None,
    labelled: Set[tuple[str, str]] = frozenset(),
) -> Layout:
    """Lay out an acyclic graph; `order` is a topological order of its vertices.

    `heights` are those of boxes that differ from `size`, `ranks` the bands of vertices (see layering), `labelled` the
    edges with labels.
    """
    unique = list(dict.fromkeys(edges))
    found = layering(order, unique, ranks or {})
    ranked = set((ranks or {}).values())
    taller = heights or {}
    spots = [
        Spot(found.layers[id_], size.width, taller.get(id_, size.height), place, [], [])
        for place, id_ in enumerate(order)
    ]
    number = {id_: place for place, id_ in enumerate(order)}
    chains = _chains(spots, [(number[from_], number[to]) for from_, to in unique], size.bend_width)
    layers = ordered(spots)
    _place(spots, layers, size.gap)
    extra = dict.fromkeys((band.first for band in found.bands if band.rank in ranked), size.band_gap)
    for place in {place for from_, to in labelled for place in (found.layers[from_] + 1, found.layers[to])}:
        extra[place] = extra.get(place, 0.0) + size.label_gap
    rows = _rows(spots, layers, size.layer_gap, extra)
    lanes = tuple(
        Lane(
            band.rank,
            rows[band.first].top - extra.get(band.first, 0.0),
            rows[band.last].top + rows[band.last].height,
        )
        for band in found.bands
    )
    return _finished(spots, rows, _Named(number, dict(zip(unique, chains, strict=True))), lanes)


def _chains(spots: list[Spot], edges: Sequence[tuple[int, int]], width: float) -> list[list[int]]:
    """The spots of each edge: its ends, and a bend in each layer between them.

    Where that were too many, the longest edges have no bends: they pass behind boxes.
    """
    spans = sorted(spots[end].layer - spots[start].layer - 1 for start, end in edges)
    left, longest = _FEW_BENDS + _BENDS_PER_BOX * len(spots), 0
    for span in spans:
        left -= span
        if left < 0:
            break
        longest = span
    chains = []
    for start, end in edges:
        chain = [start]
        if spots[end].layer - spots[start].layer - 1 <= longest:
            for layer in range(spots[start].layer + 1, spots[end].layer):
                spots.append(Spot(layer, width, 0.0, spots[end].rank, [], []))
                chain.append(len(spots) - 1)
            for upper, lower in pairwise([*chain, end]):
                spots[upper].below.append(lower)
                spots[lower].above.append(upper)
        chains.append([*chain, end])
    return chains


def _place(spots: list[Spot], layers: list[list[int]], gap: float) -> None:
    """Move every spot towards the middle of its neighbours, as far as the order and the gaps allow."""
    chains = _straight_chains(spots, layers)
    outside = [
        [each for each in (*spot.above, *spot.below) if chains[each] is not chains[place]]
        for place, spot in enumerate(spots)
    ]
    placing = _Placing(spots, layers, chains, outside, [_offsets(spots, layer, gap) for layer in layers])
    for number, layer in enumerate(layers):
        placing.settle(number, [0.0] * len(layer))
    for sweep in range(_SWEEPS):
        placing.sweep(down=sweep % 2 == 0, both=sweep >= _SWEEPS // 2)
    placing.straighten()
    placing.sweep(down=True, both=True)  # below what has just moved
    placing.straighten()


class _Placing(Struct, frozen=True):
    """The spots of all layers, with the least distances of each from the first one of its layer.

    `chains` has, by spot, those above and below it that should be one straight line, `outside` its other neighbours.
    """

    spots: list[Spot]
    layers: list[list[int]]
    chains: Mapping[int, Sequence[int]]
    outside: list[list[int]]
    offsets: list[list[float]]

    def sweep(self, *, down: bool, both: bool) -> None:
        """Move the layers, one after the other, towards their neighbours on the side that was passed, or on both."""
        for number in range(len(self.layers)) if down else range(len(self.layers) - 1, -1, -1):
            wanted = []
            for place in self.layers[number]:
                spot = self.spots[place]
                neighbours = self.outside[place] if both else spot.above if down else spot.below
                wanted.append(_median([self.spots[each].x for each in neighbours]) if neighbours else spot.x)
            self.settle(number, wanted)

    def straighten(self) -> None:
        """Move the spots of each chain to the mean of its ends, as far as lines lead on from there."""
        ends = {
            place: [each for each in {chain[0], chain[-1]} if self.outside[each]] or [chain[0]]
            for place, chain in self.chains.items()
        }
        for _ in range(_SWEEPS // 2):
            means = {place: sum(self.spots[each].x for each in fixed) / len(fixed) for place, fixed in ends.items()}
            for number, layer in enumerate(self.layers):
                self.settle(number, [means[place] for place in layer])

    def settle(self, number: int, wanted: Sequence[float]) -> None:
        """Place a layer as near as possible to `wanted`, by least squares, with order and gaps kept (pooled means)."""
        offsets = self.offsets[number]
        pools: list[tuple[float, int]] = []
        for want, offset in zip(wanted, offsets, strict=False):
            mean, count = want - offset, 1
            while pools and pools[-1][0] > mean:
                other, others = pools.pop()
                mean, count = (mean * count + other * others) / (count + others), count + others
            pools.append((mean, count))
        means = [mean for mean, count in pools for _ in range(count)]
        for place, mean, offset in zip(self.layers[number], means, offsets, strict=False):
            self.spots[place].x = mean + offset


def _straight_chains(spots: Sequence[Spot], layers: Sequence[Sequence[int]]) -> dict[int, list[int]]:
    """By spot: those above and below it up to where lines join or part, from top to bottom."""
    chain_of: dict[int, list[int]] = {}
    for place in (place for layer in layers for place in layer):
        above = spots[place].above
        continues = len(above) == 1 and len(spots[above[0]].below) == 1
        chain_of[place] = chain_of[above[0]] if continues else []
        chain_of[place].append(place)
    return chain_of


def _median(xs: list[float]) -> float:
    """The middle one, or the mean of both: so a line that others join stays straight."""
    xs.sort()
    return (xs[(len(xs) - 1) // 2] + xs[len(xs) // 2]) / 2


def _offsets(spots: Sequence[Spot], layer: Sequence[int], gap: float) -> list[float]:
    """The least distances from the first spot of a layer."""
    offsets = [0.0]
    for left, right in pairwise(layer):
        offsets.append(offsets[-1] + (spots[left].width + spots[right].width) / 2 + gap)
    return offsets


class _Named(Struct, frozen=True):
    """The spots of vertices and lines, by their ids."""

    number: Mapping[str, int]
    chains: Mapping[tuple[str, str], Sequence[int]]


class _Row(Struct, frozen=True):
    """A layer as a horizontal strip."""

    top: float
    height: float


def _rows(spots: Sequence[Spot], layers: Sequence[Sequence[int]], gap: float, extra: Mapping[int, float]) -> list[_Row]:
    """The rows of all layers; `extra` is added above some, by their numbers."""
    rows: list[_Row] = []
    below = 0.0
    for number, layer in enumerate(layers):
        below += extra.get(number, 0.0)
        rows.append(_Row(below, max(spots[place].height for place in layer)))
        below += rows[-1].height + gap
    return rows


def _finished(spots: Sequence[Spot], rows: Sequence[_Row], named: _Named, lanes: tuple[Lane, ...]) -> Layout:
    """Move everything to non-negative coordinates."""
    left = min((spot.x - spot.width / 2 for spot in spots), default=0.0)
    right = max((spot.x + spot.width / 2 for spot in spots), default=0.0)

    def centre(place: int) -> tuple[float, float]:
        row = rows[spots[place].layer]
        return spots[place].x - left, row.top + row.height / 2

    lines = {}
    for ends, chain in named.chains.items():
        (start_x, start_y), (end_x, end_y) = centre(chain[0]), centre(chain[-1])
        points = [(start_x, start_y + spots[chain[0]].height / 2)]
        for bend in chain[1:-1]:
            x, y = centre(bend)
            half = rows[spots[bend].layer].height / 2
            points += [(x, y - half), (x, y + half)]
        lines[ends] = [*points, (end_x, end_y - spots[chain[-1]].height / 2)]
    boxes = {id_: centre(place) for id_, place in named.number.items()}
    return Layout(boxes, lines, right - left, rows[-1].top + rows[-1].height if rows else 0.0, lanes)
