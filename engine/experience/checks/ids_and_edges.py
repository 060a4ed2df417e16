"""What only the whole experience can tell: ids that repeat or do not exist, cycles, fields that nobody declares.

Works on names that are already read. Where knowledge is incomplete, it is silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from msgspec import Struct

from engine.experience.graph.topology import Topology, topology
from engine.experience.json_schema.messages import closest_to_each, did_you_mean, listed
from engine.experience.model import Edge
from engine.experience.problems import Code, Problem, Related, Severity
from engine.experience.reading.items import Item
from engine.experience.reading.parts import Parts
from engine.experience.reading.sections import Section


class _Ids(Struct, frozen=True):
    """The ids and edges of an experience, without places: what the shape of its graph depends on."""

    nodes: tuple[str, ...]
    edges: tuple[tuple[str, str], ...]
    pipelines: tuple[tuple[str, tuple[str, ...]], ...]
    loops: tuple[tuple[str, str], ...]


class Shape(Struct, frozen=True):
    """The graph without places, and what is wrong with it: worked out again only when its ids or edges change."""

    ids: _Ids
    edges: tuple[Item[Edge], ...]
    topology: Topology
    cycles: list[list[int]]
    repeats: bool
    strangers: bool


def read_shape(parts: Parts, previous: Shape | None) -> Shape:
    """The shape of a graph, from names alone: a node with a mistake in it still has its place."""
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
    strangers = {end for ends in ids.edges for end in ends} - shape.home.keys()
    return Shape(
        ids, parts.edges.items, shape, shape.cycles(), repeats=len(distinct) < count, strangers=bool(strangers)
    )


def check_graph(parts: Parts, shape: Shape) -> Iterator[Problem]:
    """OE301, OE302, OE303 and OE401, at their places in the text."""
    if shape.repeats:
        yield from _duplicate_ids(parts)
    yield from _unknown_ids(parts, shape)
    yield from (_cycle(parts, shape, cycle) for cycle in shape.cycles)
    yield from _undeclared_fields(parts)


def _refs(item: Item[Any]) -> tuple[str, ...]:
    return tuple([name.text for name in item.refs])


def _all_ends(edges: tuple[Item[Edge], ...], previous: Shape | None) -> tuple[tuple[str, str], ...]:
    if previous is not None and previous.edges is edges:
        return previous.ids.edges
    return tuple([_ends(edge) for edge in edges])


def _ends(edge: Item[Any]) -> tuple[str, str]:
    """The ids that an edge joins; two that are no ids where it lacks one."""
    return (edge.refs[0].text, edge.refs[1].text) if len(edge.refs) == 2 else ("", "")


def _duplicate_ids(parts: Parts) -> Iterator[Problem]:
    first = dict[str, Related]()
    for id_, span, _ in chain.from_iterable(section.ids() for section in parts.with_ids):
        if id_ in first:
            message = f"the id `{id_}` is used twice; nodes, pipelines and loops need ids of their own"
            yield Problem(Code.DUPLICATE_ID, Severity.ERROR, message, span, (first[id_],))
        first.setdefault(id_, Related(span, f"`{id_}` is first used here"))


def _unknown_ids(parts: Parts, shape: Shape) -> Iterator[Problem]:
    if not _all_named(parts.nodes):
        return
    node_ids = frozenset(shape.ids.nodes)
    yield from _unknown_refs(parts.pipelines, node_ids)
    yield from _unknown_refs(parts.loops, node_ids)
    if shape.strangers and all(_all_named(section) for section in (parts.pipelines, parts.loops) if section.view):
        yield from _unknown_refs(parts.edges, node_ids.union(shape.topology.home))


def _all_named(section: Section[Any]) -> bool:
    """Whether every id that the section gives is known; an item without one may be the one that is looked for."""
    return section.known_whole and None not in [item.id for item in section.items]


def _unknown_refs(section: Section[Any], known: frozenset[str]) -> Iterator[Problem]:
    strangers = [(at, name) for at, item in enumerate(section.items) for name in item.refs if name.text not in known]
    ids = f"; the ids are {listed(sorted(known))}" if strangers and known else ""
    suggestions = closest_to_each((name.text for _, name in strangers), known)
    for position, name in strangers:
        suggestion = suggestions.get(name.text)
        yield Problem(
            Code.UNKNOWN_NODE,
            Severity.ERROR,
            f"there is no node `{name.text}`{did_you_mean(suggestion) or ids}",
            section.place(position, name.span),
            data={"id": name.text} | ({"suggestion": suggestion} if suggestion else {}),
        )


def _cycle(parts: Parts, shape: Shape, cycle: list[int]) -> Problem:
    """Shown at the edge of the circle that is declared last: most likely the one that closed it."""
    by_ends = {(arc.source, arc.target): arc.edge for arc in reversed(shape.topology.arcs)}
    edges = [by_ends[ends] for ends in zip(cycle, [*cycle[1:], cycle[0]], strict=True)]
    path = " → ".join(shape.topology.vertices[at].id for at in [*cycle, cycle[0]])
    related = tuple(Related(parts.edges.span(edge), "`{}` → `{}`".format(*shape.ids.edges[edge])) for edge in edges)
    message = f"the edges go in a circle: {path}; remove one of them"
    return Problem(Code.CYCLE, Severity.ERROR, message, parts.edges.span(max(edges)), related)


def _undeclared_fields(parts: Parts) -> Iterator[Problem]:
    if not parts.fields.known_whole:
        return
    declared = frozenset(item.id.text for item in parts.fields.items if item.id)
    strangers = [
        (section, position, use)
        for section in parts.all
        for position, item in enumerate(section.items)
        if not item.fields <= declared
        for use in item.uses
        if use.field not in declared
    ]
    suggestions = closest_to_each((use.field for _, _, use in strangers), declared)
    for section, position, use in strangers:
        suggestion = suggestions.get(use.field)
        hint = did_you_mean(suggestion) or "; declare it there"
        yield Problem(
            Code.UNDECLARED_FIELD,
            use.severity,
            f"`{use.by}` names the field `{use.field}`, which `state.schema` does not declare{hint}",
            section.place(position, use.span),
            data={"field": use.field} | ({"suggestion": suggestion} if suggestion else {}),
        )
