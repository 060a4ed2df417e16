"""The shape of the graph: its ids and edges without places, so that it is computed again only if those change."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from engine.experience.graph.topology import Topology, topology
from engine.experience.model import Edge
from engine.experience.reading.items import Item
from engine.experience.reading.parts import Parts


class _Ids(Struct, frozen=True):
    """The ids and edges of an experience, without places."""

    nodes: tuple[str, ...]
    edges: tuple[tuple[str, str], ...]
    pipelines: tuple[tuple[str, tuple[str, ...]], ...]
    loops: tuple[tuple[str, str], ...]


class Shape(Struct, frozen=True):
    """The topology and its cycles, and whether there are duplicate or unknown ids."""

    ids: _Ids
    edges: tuple[Item[Edge], ...]
    topology: Topology
    cycles: list[list[int]]
    has_duplicate_ids: bool
    has_unknown_ids: bool


def read_shape(parts: Parts, previous: Shape | None) -> Shape:
    """The shape of the graph, or `previous` if it is unchanged. Only names count, so nodes with mistakes are in it."""
    ids = _Ids(
        nodes=tuple([item.id.text for item in parts.nodes.items if item.id]),
        edges=_all_ends(parts.edges.items, previous),
        pipelines=tuple((item.id.text, _refs(item)) for item in parts.pipelines.items if item.id),
        loops=tuple((item.id.text, body) for item in parts.loops.items if item.id for body in _refs(item)),
    )
    if previous and previous.ids == ids:
        return previous
    shape = topology(ids.nodes, ids.edges, ids.pipelines, ids.loops)
    count = len(ids.nodes) + len(ids.pipelines) + len(ids.loops)
    distinct = {*ids.nodes, *(id_ for id_, _ in ids.pipelines), *(id_ for id_, _ in ids.loops)}
    unknown = {end for ends in ids.edges for end in ends} - shape.home.keys()
    return Shape(
        ids,
        parts.edges.items,
        shape,
        shape.cycles(),
        has_duplicate_ids=len(distinct) < count,
        has_unknown_ids=bool(unknown),
    )


def _refs(item: Item[Any]) -> tuple[str, ...]:
    return tuple([name.text for name in item.refs])


def _all_ends(edges: tuple[Item[Edge], ...], previous: Shape | None) -> tuple[tuple[str, str], ...]:
    if previous is not None and previous.edges is edges:
        return previous.ids.edges
    return tuple([_ends(edge) for edge in edges])


def _ends(edge: Item[Any]) -> tuple[str, str]:
    """The ids that an edge joins; two empty ones if either is missing."""
    return (edge.refs[0].text, edge.refs[1].text) if len(edge.refs) == 2 else ("", "")
