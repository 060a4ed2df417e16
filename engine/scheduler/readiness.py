"""Whether a vertex whose predecessors have ended runs or is skipped (docs/format.md, Joins and skips)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from engine.experience.model import Edge, Join
from engine.expressions import MISSING, Json, evaluate
from engine.log.events.events import Cause, EdgeEnds
from engine.scheduler.state.inputs import Inside, lookup
from engine.scheduler.state.results import Board, Ending, NotYetKnownError, Result
from engine.scheduler.state.visible_state import Sight

_DEAD = (Ending.FAILED, Ending.SKIPPED, Ending.CANCELLED)


class Go(Struct, frozen=True):
    """The vertex runs; `edges` maps a predecessor to the edge output that it delivers.
    `warnings` are the conditions'.
    """

    edges: Mapping[str, Json]
    warnings: tuple[str, ...] = ()


class Skip(Struct, frozen=True):
    """The vertex does not run."""

    reason: str
    cause: Cause


def gate(sight: Sight) -> Go | Skip:
    """Decide for the vertex of `sight`, all of whose waits have ended.

    Raises NotYetKnownError where the answer depends on a predecessor that has not run yet (plans only).
    """
    edges = sight.board.graph.incoming[sight.vertex]
    if not edges:
        return Go({})
    return _any(sight, edges) if join_of(sight) is Join.ANY else _all(sight, edges)


def join_of(sight: Sight) -> Join:
    """How the vertex joins its edges: as its node says; pipelines and loops need all of them."""
    node = sight.board.nodes.get(sight.vertex)
    return node.join if node is not None else Join.ALL


def _all(sight: Sight, edges: tuple[Edge, ...]) -> Go | Skip:
    results = sight.board.results
    for edge in edges:
        ending = results[edge.from_].ending
        if ending in _DEAD:
            return Skip(f"predecessor {edge.from_} {_ended(ending)}", Cause(node=edge.from_))
    _require_known(sight.board, edges)
    warnings: list[str] = []
    for edge in edges:
        if not holds(sight, edge, warnings):
            return Skip(f"when: {edge.when_text} is false", Cause(edge=EdgeEnds(edge.from_, edge.to)))
    return Go(delivered(sight.board, edges), tuple(warnings))


def _any(sight: Sight, edges: tuple[Edge, ...]) -> Go | Skip:
    _require_known(sight.board, edges)
    warnings: list[str] = []
    results = sight.board.results
    live = tuple(edge for edge in edges if results[edge.from_].ending is Ending.DONE and holds(sight, edge, warnings))
    if not live:
        return no_live_edge(edges)
    return Go(delivered(sight.board, live), tuple(warnings))


def no_live_edge(edges: tuple[Edge, ...]) -> Skip:
    """The skip of a vertex for which any of `edges` would be enough, and none is live."""
    return Skip("no incoming edge is live (join: any)", Cause(edge=EdgeEnds(edges[0].from_, edges[0].to)))


def _require_known(board: Board, edges: tuple[Edge, ...]) -> None:
    unknown = [edge.from_ for edge in edges if board.results[edge.from_].ending is Ending.UNDETERMINED]
    if unknown:
        raise NotYetKnownError(tuple(dict.fromkeys(unknown)))


def holds(sight: Sight, edge: Edge, warnings: list[str]) -> bool:
    """Whether the edge's `when` holds for its target; what was odd about it is added to `warnings`.

    Raises NotYetKnownError (plans only).
    """
    if edge.when is None:
        return True
    edges = delivered(sight.board, sight.board.graph.incoming[sight.vertex])
    result = evaluate(edge.when, lookup(sight, edges, Inside()))
    warnings.extend(f"when: {edge.when_text}: {warning.message}" for warning in result.warnings)
    return result.value


def delivered(board: Board, edges: tuple[Edge, ...]) -> dict[str, Json]:
    """The edge outputs that these edges carry, by predecessor."""
    outputs: dict[str, Json] = {}
    for edge in edges:
        result: Result = board.results[edge.from_]
        if result.edge_output is not MISSING:
            outputs[edge.from_] = result.edge_output
    return outputs


def _ended(ending: Ending) -> str:
    return {Ending.FAILED: "failed", Ending.SKIPPED: "was skipped", Ending.CANCELLED: "was cancelled"}[ending]
