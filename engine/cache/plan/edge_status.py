"""What a plan knows of the edges into a vertex: a skip that nothing can change, or what is still open. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from engine.experience.model import Edge, Join
from engine.expressions import Json, Root, paths_of
from engine.log.events.events import Cause, EdgeEnds
from engine.scheduler.readiness import Skip, delivered, gate, holds, join_of, no_live_edge
from engine.scheduler.state.results import Ending, NotYetKnownError
from engine.scheduler.state.visible_state import Sight


class Outlook(Struct, frozen=True):
    """What reaches a vertex: known edge outputs, predecessors still to run, conditions that nobody can evaluate yet."""

    edges: Mapping[str, Json]
    waiting: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


def outlook(sight: Sight) -> Outlook | Skip:
    """The outlook of the vertex of `sight`."""
    try:
        decision = gate(sight)
    except NotYetKnownError:
        return _open(sight)
    return decision if isinstance(decision, Skip) else Outlook(decision.edges)


def _open(sight: Sight) -> Outlook | Skip:
    """The outlook where not everything is known that the gate asks for."""
    results, is_any = sight.board.results, join_of(sight) is Join.ANY
    incoming = sight.board.graph.incoming[sight.vertex]
    running = {edge.from_ for edge in incoming if results[edge.from_].ending is Ending.UNDETERMINED}
    delivering: list[Edge] = []
    waiting: list[Edge] = []
    conditions: list[str] = []
    for edge in incoming:
        held = _held(sight, edge, running)
        if held is False and not is_any:
            return Skip(f"when: {edge.when_text} is false", Cause(edge=EdgeEnds(edge.from_, edge.to)))
        if held is False or results[edge.from_].ending not in (Ending.DONE, Ending.UNDETERMINED):
            continue  # it delivers nothing
        if held is None and edge.when_text is not None:
            conditions.append(edge.when_text)
        # Where any of the edges is enough, nobody knows what one delivers whose condition is open.
        unknown = edge.from_ in running or (is_any and held is None)
        (waiting if unknown else delivering).append(edge)
    if not delivering and not waiting:
        return no_live_edge(incoming)
    edges = delivered(sight.board, tuple(delivering))
    return Outlook(edges, tuple(dict.fromkeys(edge.from_ for edge in waiting)), tuple(conditions))


def _held(sight: Sight, edge: Edge, running: set[str]) -> bool | None:
    """Whether the condition of an edge holds; None where nobody can say yet."""
    if running and edge.when is not None and any(path.root is Root.EDGES for path in paths_of(edge.when)):
        return None
    try:
        return holds(sight, edge, [])
    except NotYetKnownError:
        return None
