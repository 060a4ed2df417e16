"""Stages and bodies: nodes that run in several pipelines or loops, and what is written at them to no effect.

OE206 and OE309. The rules are those of engine/scheduler and engine/experience/graph/topology.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from engine.experience.checks.ids_and_edges import Shape
from engine.experience.problems import Code, Problem, Related, Severity
from engine.experience.reading.parts import Parts
from engine.experience.reading.sections import Section
from engine.experience.source.locate import locate
from engine.syntax import Span


class _Owner(Struct, frozen=True):
    """A pipeline or loop that a node runs in, and where it says so."""

    id: str
    what: str
    span: Span


def check_stages(parts: Parts, shape: Shape) -> Iterator[Problem]:
    """What is said of a node, or of an edge, that the pipelines and loops around it make different."""
    owners = _owners(parts)
    if not owners:
        return
    named = {end for ends in shape.ids.edges for end in ends}
    for node, found in owners.items():
        yield from _several(node, found, is_named=node in named)
    yield from _ignored_fan_outs(parts, owners)
    if parts.pipelines.items:
        yield from _ignored_edges(parts, shape)


def _owners(parts: Parts) -> Mapping[str, list[_Owner]]:
    """By node, what it runs in, in the order in which an edge that names the node means it."""
    owners: dict[str, list[_Owner]] = {}
    sections: tuple[tuple[Section[Any], str], ...] = ((parts.pipelines, "pipeline"), (parts.loops, "loop"))
    for section, what in sections:
        for position, item in enumerate(section.items):
            if item.id is None:
                continue
            for name in item.refs:
                owner = _Owner(item.id.text, what, section.place(position, name.span))
                owners.setdefault(name.text, []).append(owner)
    return owners


def _several(node: str, owners: list[_Owner], *, is_named: bool) -> Iterator[Problem]:
    """Allowed, since each of them runs the node for itself; but an edge that names it means only the first."""
    first = owners[0]
    for other in owners[1:]:
        if other.id == first.id:
            continue
        edges = "the edges that name it mean" if is_named else "an edge that names it would mean"
        message = f"`{node}` runs in the {first.what} `{first.id}`, too: {edges} `{first.id}` and not `{other.id}`"
        severity = Severity.WARNING if is_named else Severity.INFORMATION
        related = Related(first.span, f"`{node}` runs in `{first.id}`")
        yield Problem(Code.SHARED_STAGE, severity, message, other.span, (related,))


def _ignored_fan_outs(parts: Parts, owners: Mapping[str, list[_Owner]]) -> Iterator[Problem]:
    for position, item in enumerate(parts.nodes.items):
        if item.model is None or item.view is None or item.model.for_each is None:
            continue
        at = owners.get(item.model.id, ())
        if at and all(owner.what == "pipeline" for owner in at):
            message = f"a stage runs once for each item of its pipeline, `{at[0].id}`: this `for_each` is ignored"
            place = parts.nodes.place(position, locate(item.view, ("for_each",)).key_span)
            yield Problem(Code.NO_EFFECT, Severity.WARNING, message, place)


def _ignored_edges(parts: Parts, shape: Shape) -> Iterator[Problem]:
    """Edges between two stages of one pipeline: those along it say what it says itself, the others are not heard."""
    home = shape.topology.home
    for position, (from_, to) in enumerate(shape.ids.edges):
        vertex = home.get(from_)
        if vertex is None or vertex != home.get(to) or from_ == to:
            continue
        owner, stages = shape.topology.vertices[vertex].id, shape.topology.vertices[vertex].node_ids
        item = parts.edges.items[position]
        if from_ not in stages or to not in stages or item.model is None or item.view is None:
            continue
        both = f"`{from_}` and `{to}` are stages of `{owner}`"
        if item.model.when is not None:
            message = f"{both}, where every item goes on to the next stage: this `when` is ignored"
            span = parts.edges.place(position, locate(item.view, ("when",)).key_span)
            yield Problem(Code.NO_EFFECT, Severity.WARNING, message, span)
        elif stages.index(from_) > stages.index(to):
            message = f"{both}, where `{to}` comes first: this edge is ignored"
            yield Problem(Code.NO_EFFECT, Severity.WARNING, message, parts.edges.span(position))
