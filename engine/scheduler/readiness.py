"""Decides whether a vertex whose predecessors have ended runs or is skipped (docs/format.md, Joins and skips)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from engine.experience.model import Edge, Join
from engine.expressions import MISSING, Json, Root, evaluate, paths_of
from engine.log.events.events import Cause, EdgeEnds
from engine.scheduler.state.inputs import Context, Inside, lookup
from engine.scheduler.state.results import Ending, NotYetKnownError, Result, Results
from engine.scheduler.state.visible_state import VisibleState

_DEAD = (Ending.FAILED, Ending.SKIPPED, Ending.CANCELLED)


class Go(Struct, frozen=True):
    """The vertex runs. `edges` maps predecessors to the edge outputs that they deliver; `warnings` are of conditions.

    In a plan it may still be skipped: `unknown` are predecessors whose results are not known yet, `conditions` those
    that cannot be evaluated yet.
    """

    edges: Mapping[str, Json]
    warnings: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


class Skip(Struct, frozen=True):
    """The vertex does not run."""

    reason: str
    cause: Cause


def readiness(visible_state: VisibleState) -> Go | Skip:
    """Decide for the vertex of `visible_state`; all that it waits for has ended."""
    edges = visible_state.results.graph.incoming[visible_state.vertex]
    if not edges:
        return Go({})
    try:
        return _any(visible_state, edges) if _join_of(visible_state) is Join.ANY else _all(visible_state, edges)
    except NotYetKnownError:
        return _partly_known(visible_state, edges)


def _join_of(visible_state: VisibleState) -> Join:
    """The join of the vertex; pipelines and loops have `all`."""
    node = visible_state.results.nodes.get(visible_state.vertex)
    return node.join if node is not None else Join.ALL


def _all(visible_state: VisibleState, edges: tuple[Edge, ...]) -> Go | Skip:
    results = visible_state.results.ended
    for edge in edges:
        ending = results[edge.from_].ending
        if ending in _DEAD:
            return Skip(f"predecessor {edge.from_} {_ended(ending)}", Cause(node=edge.from_))
    _require_known(visible_state.results, edges)
    warnings: list[str] = []
    for edge in edges:
        if not _holds(visible_state, edge, warnings):
            return _false(edge)
    return Go(_delivered(visible_state.results, edges), tuple(warnings))


def _any(visible_state: VisibleState, edges: tuple[Edge, ...]) -> Go | Skip:
    _require_known(visible_state.results, edges)
    warnings: list[str] = []
    results = visible_state.results.ended
    live = tuple(
        edge for edge in edges if results[edge.from_].ending is Ending.DONE and _holds(visible_state, edge, warnings)
    )
    if not live:
        return _no_live_edge(edges)
    return Go(_delivered(visible_state.results, live), tuple(warnings))


def _partly_known(visible_state: VisibleState, edges: tuple[Edge, ...]) -> Go | Skip:
    """The answer in a plan: a certain skip, or what is still open."""
    results, is_any = visible_state.results.ended, _join_of(visible_state) is Join.ANY
    running = {edge.from_ for edge in edges if results[edge.from_].ending is Ending.UNDETERMINED}
    delivering: list[Edge] = []
    unknown: list[Edge] = []
    conditions: list[str] = []
    for edge in edges:
        held = _held(visible_state, edge, running)
        if held is False and not is_any:
            return _false(edge)
        if held is False or results[edge.from_].ending not in (Ending.DONE, Ending.UNDETERMINED):
            continue  # it delivers nothing
        if held is None and edge.when_text is not None:
            conditions.append(edge.when_text)
        # With `join: any`, an edge with an open condition may deliver or not.
        is_unknown = edge.from_ in running or (is_any and held is None)
        (unknown if is_unknown else delivering).append(edge)
    if not delivering and not unknown:
        return _no_live_edge(edges)
    sources = tuple(dict.fromkeys(edge.from_ for edge in unknown))
    return Go(_delivered(visible_state.results, tuple(delivering)), (), sources, tuple(conditions))


def _held(visible_state: VisibleState, edge: Edge, running: set[str]) -> bool | None:
    """The value of an edge's condition; None while it is not known."""
    if running and edge.when is not None and any(path.root is Root.EDGES for path in paths_of(edge.when)):
        return None
    try:
        return _holds(visible_state, edge, [])
    except NotYetKnownError:
        return None


def _false(edge: Edge) -> Skip:
    return Skip(f"when: {edge.when_text} is false", Cause(edge=EdgeEnds(edge.from_, edge.to)))


def _no_live_edge(edges: tuple[Edge, ...]) -> Skip:
    """The skip of a vertex with `join: any` and no live edge."""
    return Skip("no incoming edge is live (join: any)", Cause(edge=EdgeEnds(edges[0].from_, edges[0].to)))


def _require_known(results: Results, edges: tuple[Edge, ...]) -> None:
    unknown = [edge.from_ for edge in edges if results.ended[edge.from_].ending is Ending.UNDETERMINED]
    if unknown:
        raise NotYetKnownError(tuple(dict.fromkeys(unknown)))


def _holds(visible_state: VisibleState, edge: Edge, warnings: list[str]) -> bool:
    """Whether the edge's `when` is true for its target. Adds warnings of the evaluation.

    Raises NotYetKnownError (plans only).
    """
    if edge.when is None:
        return True
    edges = _delivered(visible_state.results, visible_state.results.graph.incoming[visible_state.vertex])
    result = evaluate(edge.when, lookup(Context(visible_state, edges, Inside())))
    warnings.extend(f"when: {edge.when_text}: {warning.message}" for warning in result.warnings)
    return result.value


def _delivered(results: Results, edges: tuple[Edge, ...]) -> dict[str, Json]:
    """The edge outputs that these edges deliver, by predecessor."""
    outputs: dict[str, Json] = {}
    for edge in edges:
        result: Result = results.ended[edge.from_]
        if result.edge_output is not MISSING:
            outputs[edge.from_] = result.edge_output
    return outputs


def _ended(ending: Ending) -> str:
    return {Ending.FAILED: "failed", Ending.SKIPPED: "was skipped", Ending.CANCELLED: "was cancelled"}[ending]
