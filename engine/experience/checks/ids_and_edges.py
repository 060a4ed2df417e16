"""Ids that repeat or do not exist, cycles of edges, and undeclared fields (OE301, OE302, OE303, OE401).

Where names are missing or unreadable, nothing is reported that they might explain.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from engine.experience.checks.contexts import DocumentContext
from engine.experience.json_schema.messages import closest_to_each, did_you_mean, listed
from engine.experience.problems import Code, Problem, Related, Severity
from engine.experience.reading.sections import Section


def check_duplicate_ids(document: DocumentContext) -> Iterator[Problem]:
    """OE301: an id that two nodes, pipelines or loops have."""
    if not document.shape.has_duplicate_ids:
        return
    first = dict[str, Related]()
    for id_, span, _ in chain.from_iterable(section.ids() for section in document.parts.with_ids):
        if id_ in first:
            message = f"the id `{id_}` is used twice; give each node, pipeline and loop its own id"
            yield Problem(Code.DUPLICATE_ID, Severity.ERROR, message, span, (first[id_],))
        first.setdefault(id_, Related(span, f"`{id_}` is first used here"))


def check_unknown_ids(document: DocumentContext) -> Iterator[Problem]:
    """OE302: an edge, a stage or a loop's body that names no node."""
    parts, shape = document.parts, document.shape
    if not _all_named(parts.nodes):
        return
    node_ids = frozenset(shape.ids.nodes)
    yield from _unknown_refs(parts.pipelines, node_ids)
    yield from _unknown_refs(parts.loops, node_ids)
    if shape.has_unknown_ids and all(_all_named(section) for section in (parts.pipelines, parts.loops) if section.view):
        yield from _unknown_refs(parts.edges, node_ids.union(shape.topology.home))


def check_cycles(document: DocumentContext) -> Iterator[Problem]:
    """OE303: edges that form a cycle, shown at the one declared last, which most likely closed it."""
    parts, shape = document.parts, document.shape
    by_ends = {(arc.source, arc.target): arc.edge for arc in reversed(shape.topology.arcs)} if shape.cycles else {}
    for cycle in shape.cycles:
        edges = [by_ends[ends] for ends in zip(cycle, [*cycle[1:], cycle[0]], strict=True)]
        path = " → ".join(shape.topology.vertices[at].id for at in [*cycle, cycle[0]])
        related = tuple(Related(parts.edges.span(edge), "`{}` → `{}`".format(*shape.ids.edges[edge])) for edge in edges)
        message = f"the edges form a cycle: {path}; remove one of them"
        yield Problem(Code.CYCLE, Severity.ERROR, message, parts.edges.span(max(edges)), related)


def check_undeclared_fields(document: DocumentContext) -> Iterator[Problem]:
    """OE401: a field that is read or written, and not declared in `state.schema`."""
    parts = document.parts
    if not parts.fields.known_whole:
        return
    declared = frozenset(item.id.text for item in parts.fields.items if item.id)
    undeclared = [
        (section, position, use)
        for section in parts.all
        for position, item in enumerate(section.items)
        if not item.fields <= declared
        for use in item.uses
        if use.field not in declared
    ]
    suggestions = closest_to_each((use.field for _, _, use in undeclared), declared)
    for section, position, use in undeclared:
        suggestion = suggestions.get(use.field)
        hint = did_you_mean(suggestion) or "; add it there"
        yield Problem(
            Code.UNDECLARED_FIELD,
            use.severity,
            f"the field `{use.field}` is not declared in `state.schema`{hint}",
            section.place(position, use.span),
            data={"field": use.field} | ({"suggestion": suggestion} if suggestion else {}),
        )


def _all_named(section: Section[Any]) -> bool:
    """Checks that every id of the section is known; an item without one may be the missing one."""
    return section.known_whole and None not in [item.id for item in section.items]


def _unknown_refs(section: Section[Any], known: frozenset[str]) -> Iterator[Problem]:
    unknown = [(at, name) for at, item in enumerate(section.items) for name in item.refs if name.text not in known]
    available = f"; available: {listed(sorted(known))}" if unknown and known else ""
    suggestions = closest_to_each((name.text for _, name in unknown), known)
    for position, name in unknown:
        suggestion = suggestions.get(name.text)
        yield Problem(
            Code.UNKNOWN_NODE,
            Severity.ERROR,
            f"there is no node `{name.text}`{did_you_mean(suggestion) or available}",
            section.place(position, name.span),
            data={"id": name.text} | ({"suggestion": suggestion} if suggestion else {}),
        )
