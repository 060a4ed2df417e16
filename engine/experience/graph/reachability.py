"""Finds the conditions that each vertex requires, and so the vertices that never run, or never both run.

Sets of conditions are integers with a bit for each edge that has a `when`, so the time is linear for any graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from msgspec import Struct

from engine.experience.graph.dataflow import DataFlow
from engine.expressions import Path, Root
from engine.expressions.contradictions import contradict

_MAX_COMPARED = 40
"""The maximum number of conditions on one path that are compared: far more than people write."""


class Required(Struct, frozen=True):
    """The conditions that each vertex requires; `exclusive` are the pairs of edges that are never both true."""

    by_vertex: Mapping[str, int]
    exclusive: tuple[tuple[int, int], ...]

    def may_both_run(self, one: str, other: str) -> bool:
        """Checks that the conditions of one include those of the other; if not, they may be alternatives."""
        first, second = self.by_vertex[one], self.by_vertex[other]
        return first & second in (first, second)


class NeverRuns(Struct, frozen=True):
    """The first vertex on a path that requires two edges whose conditions exclude each other."""

    id: str
    edges: tuple[int, int]


def required_conditions(flow: DataFlow) -> Required:
    """The conditions of each vertex; with `join: any`, those that all paths to it share."""
    if not flow.conditions:
        return Required({vertex.id: 0 for vertex in flow.order}, ())
    needs: dict[str, int] = {}
    incoming: dict[str, list[tuple[str, int]]] = {vertex.id: [] for vertex in flow.order}
    for arc in flow.topology.arcs:
        source, target = flow.topology.vertices[arc.source].id, flow.topology.vertices[arc.target].id
        incoming[target].append((source, 1 << arc.edge if arc.edge in flow.conditions else 0))
    for vertex in flow.order:
        ways = [needs[source] | bit for source, bit in incoming[vertex.id]]
        need = ways[0] if ways else 0
        for way in ways[1:]:
            need = need & way if vertex.id in flow.joins_any else need | way
        needs[vertex.id] = need
    return Required(needs, tuple(_exclusive(flow)))


def never_run(flow: DataFlow, required: Required) -> Iterator[NeverRuns]:
    """The first vertices on each path that require conditions which exclude each other."""
    if not required.exclusive:
        return
    before: dict[str, list[str]] = {vertex.id: [] for vertex in flow.order}
    for arc in flow.topology.arcs:
        before[flow.topology.vertices[arc.target].id].append(flow.topology.vertices[arc.source].id)
    seen: set[str] = set()
    for one, other in required.exclusive:
        both = 1 << one | 1 << other
        for vertex in flow.order:
            if required.by_vertex[vertex.id] & both != both or vertex.id in seen:
                continue
            seen.add(vertex.id)
            if not any(required.by_vertex[source] & both == both for source in before[vertex.id]):
                yield NeverRuns(vertex.id, (one, other))


def _exclusive(flow: DataFlow) -> Iterator[tuple[int, int]]:
    """Pairs of edges that are never both true, because their conditions require different values of the same paths."""
    alike: dict[Path, list[int]] = {}
    for edge, paths in flow.bounds.items():
        for path in paths:
            alike.setdefault(path, []).append(edge)
    targets = {arc.edge: flow.topology.vertices[arc.target].id for arc in flow.topology.arcs}
    found: set[tuple[int, int]] = set()
    for edges in alike.values():
        for one, other in combinations(edges[:_MAX_COMPARED], 2):
            pair = (min(one, other), max(one, other))
            if pair not in found and _contradict(flow, pair, targets):
                found.add(pair)
                yield pair


def _contradict(flow: DataFlow, edges: tuple[int, int], targets: Mapping[int, str]) -> bool:
    """Checks that two conditions contradict each other and see the same values, from the same writers."""
    one, other = (flow.conditions[edge] for edge in edges)
    shared = flow.bounds[edges[0]] & flow.bounds[edges[1]]
    if not all(path.root in (Root.STATE, Root.ARGS) for path in shared) or not contradict(one, other):
        return False
    first, second = (flow.waiting.ancestors[targets[edge]] for edge in edges)
    return all(_writers_among(flow, path, first) == _writers_among(flow, path, second) for path in shared)


def _writers_among(flow: DataFlow, path: Path, ancestors: int) -> int:
    """The writers of a path's field among these ancestors."""
    if path.root is not Root.STATE:
        return 0
    writers = flow.waiting.writers.get(str(path.steps[0].value), ())
    return sum(1 << flow.positions[id_] for id_ in writers) & ancestors
