"""Stages and bodies: nodes in several pipelines or loops, and settings of theirs that have no effect.

OE206 and OE309. The rules are those of engine/scheduler and engine/experience/graph/topology.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from engine.experience.checks.contexts import DocumentContext
from engine.experience.graph.shape import Shape
from engine.experience.problems import Code, Problem, Related, Severity
from engine.experience.reading.parts import Parts
from engine.experience.reading.sections import Section
from engine.experience.source.locate import locate
from engine.syntax import Span


class _Owner(Struct, frozen=True):
    """A pipeline or loop that a node runs in, and the place where it names the node."""

    id: str
    kind: str
    span: Span


def check_stages(document: DocumentContext) -> Iterator[Problem]:
    """OE206 and OE309 for the stages of pipelines, the bodies of loops, and the edges between stages."""
    parts, shape = document.parts, document.shape
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
    """By node, what it runs in; an edge that names the node refers to the first."""
    owners: dict[str, list[_Owner]] = {}
    sections: tuple[tuple[Section[Any], str], ...] = ((parts.pipelines, "pipeline"), (parts.loops, "loop"))
    for section, kind in sections:
        for position, item in enumerate(section.items):
            if item.id is None:
                continue
            for name in item.refs:
                owner = _Owner(item.id.text, kind, section.place(position, name.span))
                owners.setdefault(name.text, []).append(owner)
    return owners


def _several(node: str, owners: list[_Owner], *, is_named: bool) -> Iterator[Problem]:
    """Allowed, since each of them runs the node on its own; but an edge that names it refers only to the first."""
    first = owners[0]
    for other in owners[1:]:
        if other.id == first.id:
            continue
        edges = "edges that name it refer" if is_named else "an edge that names it would refer"
        message = f"`{node}` also runs in the {first.kind} `{first.id}`: {edges} to `{first.id}`, not to `{other.id}`"
        severity = Severity.WARNING if is_named else Severity.INFORMATION
        related = Related(first.span, f"`{node}` runs in `{first.id}`")
        yield Problem(Code.SHARED_STAGE, severity, message, other.span, (related,))


def _ignored_fan_outs(parts: Parts, owners: Mapping[str, list[_Owner]]) -> Iterator[Problem]:
    for position, item in enumerate(parts.nodes.items):
        if item.model is None or item.view is None or item.model.for_each is None:
            continue
        at = owners.get(item.model.id, ())
        if at and all(owner.kind == "pipeline" for owner in at):
            message = (
                f"this `for_each` is ignored: a stage runs once for each item of its pipeline, `{at[0].id}`; remove it"
            )
            place = parts.nodes.place(position, locate(item.view, ("for_each",)).key_span)
            yield Problem(Code.NO_EFFECT, Severity.WARNING, message, place)


def _ignored_edges(parts: Parts, shape: Shape) -> Iterator[Problem]:
    """Edges between two stages of one pipeline, which orders them itself: conditions and backward edges are ignored."""
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
            message = f"this `when` is ignored: {both}, where every item goes on to the next stage; remove it"
            span = parts.edges.place(position, locate(item.view, ("when",)).key_span)
            yield Problem(Code.NO_EFFECT, Severity.WARNING, message, span)
        elif stages.index(from_) > stages.index(to):
            message = f"this edge is ignored: {both}, where `{to}` comes first; remove it"
            yield Problem(Code.NO_EFFECT, Severity.WARNING, message, parts.edges.span(position))
