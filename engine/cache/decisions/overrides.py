"""Overrides of decisions by the user: `--rerun`, `--from`, `--accept` and `--only`. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from engine.cache.decisions.decision import Answer, Decision
from engine.cache.decisions.execution_path import path_of
from engine.cache.decisions.recorded_outcomes import RecordedOutcomes
from engine.experience.graph import Graph
from engine.experience.model import Experience
from engine.log.events.events import Scope, ScopeKind


class Overrides(Struct, frozen=True):
    """Overrides by ids of nodes, pipelines and loops of the outermost experience; they hold for everything inside.

    `rerun` maps what must run again to the option that says so. `accept` is restored although it changed. With `only`,
    nothing else may run; what can be restored still is.
    """

    rerun: Mapping[str, str] = field(default_factory=dict)
    accept: frozenset[str] = frozenset()
    only: frozenset[str] | None = None

    def applied(
        self, made: Decision, original: RecordedOutcomes | None, node_id: str, scope: tuple[Scope, ...]
    ) -> Decision:
        """The decision for an execution after these overrides."""
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


def overrides_of(
    experience: Experience,
    graph: Graph,
    *,
    from_: Iterable[str] = (),
    rerun: Iterable[str] = (),
    accept: Iterable[str] = (),
    only: Iterable[str] = (),
) -> Overrides:
    """The overrides for these ids. `from_` includes all that comes after a node, `only` all that it waits for.

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
    return Overrides(again, frozenset(accept), frozenset(needed) if only else None)


class UnknownNodeError(LookupError):
    """No node, pipeline or loop has this id; `known` lists those that exist."""

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
    """The ids of an execution in the outermost experience: its own only if it is not nested in another."""
    ids: set[str] = set()
    for step in scope:
        ids.add(step.id)
        if step.kind is ScopeKind.EXPERIENCE:
            return frozenset(ids)
    return frozenset({*ids, node_id})


def _again(made: Decision, option: str) -> Decision:
    """The decision to run it, without asking anybody."""
    if made.answer in (Answer.WILL_RUN, Answer.IF_PREDECESSORS_SUCCEED):
        return replace(made, reasons=(f"asked for with {option}", *made.reasons), ambiguity=None)
    answer = Answer.IF_PREDECESSORS_SUCCEED if made.key is None else Answer.WILL_RUN
    return Decision(answer, (f"asked for with {option}",), made.key)


def _accepted(made: Decision, original: RecordedOutcomes, node_id: str, scope: tuple[Scope, ...]) -> Decision:
    recorded = original.recorded(path_of(node_id, scope))
    latest = next((outcome for outcome in reversed(recorded) if outcome.not_restorable is None), None)
    if latest is None:
        return made
    reason = f"accepted with --accept: {'; '.join(made.reasons)}"
    return Decision(Answer.RESTORED, (reason,), made.key, latest)
