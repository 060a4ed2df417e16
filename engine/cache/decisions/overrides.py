"""What a person asked for beyond what the log says: to run again, to accept, to run nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from engine.cache.decisions.decision import Answer, Decision
from engine.cache.decisions.execution_path import place_of
from engine.cache.decisions.recorded_outcomes import Original
from engine.experience.graph import Graph
from engine.experience.model import Experience
from engine.log.events.events import Scope, ScopeKind


class Wishes(Struct, frozen=True):
    """Ids of nodes, pipelines and loops of the outermost experience; what one of them holds goes with it.

    `rerun` maps what is to run again to the option that asked for it. `accept` is restored although it changed. Where
    `only` is given, nothing else may run; what can be restored still is.
    """

    rerun: Mapping[str, str] = field(default_factory=dict)
    accept: frozenset[str] = frozenset()
    only: frozenset[str] | None = None

    def applied(self, made: Decision, original: Original | None, node_id: str, scope: tuple[Scope, ...]) -> Decision:
        """The decision for an execution, once these wishes have been heard."""
        if not self.rerun and not self.accept and self.only is None:
            return made
        ids = _ids(node_id, scope)
        asked = next((option for id_, option in self.rerun.items() if id_ in ids), None)
        if asked is not None:
            made = _again(made, asked)
        elif made.answer is not Answer.RESTORED and original is not None and ids & self.accept:
            made = _accepted(made, original, node_id, scope)
        if made.answer is Answer.RESTORED or self.may_run(ids):
            return made
        return Decision(Answer.SKIPPED, (NOT_ASKED_FOR,), made.key)

    def may_run(self, ids: Iterable[str]) -> bool:
        """Whether what is known by one of `ids` may run if it has to."""
        return self.only is None or not self.only.isdisjoint(ids)


NOT_ASKED_FOR = "not asked for (--only)"


def wishes_of(
    experience: Experience,
    graph: Graph,
    *,
    from_: Iterable[str] = (),
    rerun: Iterable[str] = (),
    accept: Iterable[str] = (),
    only: Iterable[str] = (),
) -> Wishes:
    """The wishes that these ids mean. `from_` is a node and all that comes after it; `only` one and all it waits for.

    Raises UnknownNodeError.
    """
    vertex_of = _vertices(experience, graph)
    for id_ in (*from_, *rerun, *accept, *only):
        if id_ not in vertex_of:
            raise UnknownNodeError(id_, tuple(vertex_of))
    again = {after: f"--from {id_}" for id_ in from_ for after in _from(id_, vertex_of[id_], experience, graph)}
    again.update((id_, f"--rerun {id_}") for id_ in rerun)
    needed = {vertex_of[id_] for id_ in only}
    needed |= {before for vertex in needed for before in graph.ancestors(vertex)}
    return Wishes(again, frozenset(accept), frozenset(needed) if only else None)


class UnknownNodeError(LookupError):
    """No node, pipeline or loop has this id; `known` are those that there are."""

    def __init__(self, id_: str, known: tuple[str, ...]) -> None:
        super().__init__(id_)
        self.id = id_
        self.known = known


def _vertices(experience: Experience, graph: Graph) -> dict[str, str]:
    """The vertex of each id: its own, or the pipeline or loop that a node belongs to."""
    vertex_of = {vertex: vertex for vertex in graph.order}
    vertex_of.update((stage, pipeline.id) for pipeline in experience.pipelines for stage in pipeline.stages)
    vertex_of.update((loop.body, loop.id) for loop in experience.loops)
    return vertex_of


def _from(id_: str, vertex: str, experience: Experience, graph: Graph) -> set[str]:
    after = {other for other in graph.order if vertex in graph.ancestors(other)}
    pipeline = next((each for each in experience.pipelines if id_ in each.stages), None)
    within = pipeline.stages[pipeline.stages.index(id_) :] if pipeline is not None else (id_,)
    return {*within, *after}


def _ids(node_id: str, scope: tuple[Scope, ...]) -> frozenset[str]:
    """What an execution is known by in the outermost experience: its own id, unless it is nested in another."""
    ids: set[str] = set()
    for step in scope:
        ids.add(step.id)
        if step.kind is ScopeKind.EXPERIENCE:
            return frozenset(ids)
    return frozenset({*ids, node_id})


def _again(made: Decision, option: str) -> Decision:
    """It runs, whoever would have to be asked otherwise."""
    if made.answer in (Answer.WILL_RUN, Answer.IF_PREDECESSORS_SUCCEED):
        return replace(made, reasons=(f"asked for with {option}", *made.reasons), ambiguity=None)
    answer = Answer.IF_PREDECESSORS_SUCCEED if made.key is None else Answer.WILL_RUN
    return Decision(answer, (f"asked for with {option}",), made.key)


def _accepted(made: Decision, original: Original, node_id: str, scope: tuple[Scope, ...]) -> Decision:
    recorded = original.recorded(place_of(node_id, scope))
    latest = next((outcome for outcome in reversed(recorded) if outcome.not_restorable is None), None)
    if latest is None:
        return made
    reason = f"accepted with --accept: {'; '.join(made.reasons)}"
    return Decision(Answer.RESTORED, (reason,), made.key, latest)
