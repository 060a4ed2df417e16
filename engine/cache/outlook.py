"""What a plan knows of the edges into a vertex: a skip that nothing can change, or what is still open. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.core.board import Ending, NotYetKnownError
from engine.core.gate import Skip, delivered, gate, holds, join_of
from engine.core.sight import Sight
from engine.expressions import Json, Root, paths_of
from engine.log.events import Cause, EdgeEnds
from engine.spec.model import Join


@dataclass(frozen=True, slots=True)
class Outlook:
    """What reaches a vertex: known edge outputs, predecessors still to run, conditions that nobody can evaluate yet."""

    edges: Mapping[str, Json]
    waiting: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


def outlook(sight: Sight) -> Outlook | Skip:
    """The outlook of the vertex of `sight`."""
    results = sight.board.results
    incoming = sight.board.graph.incoming[sight.vertex]
    waiting = [edge.from_ for edge in incoming if results[edge.from_].ending is Ending.UNDETERMINED]
    try:
        decision = gate(sight)
    except NotYetKnownError:
        open_ = Outlook(delivered(sight.board, incoming), tuple(dict.fromkeys(waiting)))
        return _with_conditions(sight, open_)
    return decision if isinstance(decision, Skip) else Outlook(decision.edges)


def _with_conditions(sight: Sight, known: Outlook) -> Outlook | Skip:
    conditions = []
    for edge in sight.board.graph.incoming[sight.vertex]:
        if edge.when is None or edge.when_text is None:
            continue
        names_edges = any(path.root is Root.EDGES for path in paths_of(edge.when))
        try:
            held = None if names_edges and known.waiting else holds(sight, edge, [])
        except NotYetKnownError:
            held = None
        if held is None:
            conditions.append(edge.when_text)
        elif not held and join_of(sight) is Join.ALL:
            return Skip(f"when: {edge.when_text} is false", Cause(edge=EdgeEnds(edge.from_, edge.to)))
    return replace(known, conditions=tuple(conditions))
