"""What the conditions of edges were in a run, and the values that decided, as far as its log has them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import UNSET, Struct

from engine.experience.graph import CycleError
from engine.experience.model import Edge, Experience, Join
from engine.expressions import MISSING, Path, Root, evaluate, paths_of
from engine.json_types import Json
from engine.log.reading.view import NodeStatus
from engine.log.secrets.masking import MASK
from engine.log.values.input_values import ValueLostError
from engine.report.executions import Execution, History
from engine.scheduler.composition import Composition, compose
from engine.scheduler.state.inputs import Context, Inside, lookup
from engine.scheduler.state.results import Ending, Result, Results
from engine.scheduler.state.visible_state import VisibleState

_DONE = (NodeStatus.COMPLETED, NodeStatus.CACHED)

ValueOf = Callable[[Json], Json]
"""Resolves a logged value. Raises ValueLostError."""


class LastCondition(Struct, frozen=True):
    """The last value of a condition, None if it was not evaluated; and the values of its paths, as far as known."""

    holds: bool | None = None
    values: tuple[tuple[str, Json], ...] = ()


class Conditions:
    """The conditions of an experience in a run; `run` may go on."""

    def __init__(self, experience: Experience, run: History, value_of: ValueOf) -> None:
        self._experience = experience
        self._run = run
        self._value_of = value_of
        self._composition: Composition | None = None
        self._decided: dict[tuple[str, str, str], LastCondition] = {}

    def of(self, edge: Edge) -> LastCondition:
        """The last value of the condition of an edge of the graph."""
        key = edge.from_, edge.to, edge.when_text or ""
        known = self._decided.get(key)
        if known is not None:
            return known
        found = self._found(edge)
        if found.holds is not None:
            self._decided[key] = found  # decided once: before its target started
        return found

    def edges(self, vertex: str) -> Sequence[Edge]:
        """The edges to a vertex, as the run has them."""
        composition = self._composed()
        return composition.graph.incoming.get(vertex, ()) if composition is not None else ()

    def _composed(self) -> Composition | None:
        if self._composition is None:
            try:
                self._composition = compose(self._experience)
            except CycleError:
                return None
        return self._composition

    def _found(self, edge: Edge) -> LastCondition:
        executions = {each.node_id: each for each in self._run.executions}
        target, composition = executions.get(edge.to), self._composed()
        if edge.when is None or target is None or composition is None or target.status is NodeStatus.PENDING:
            return LastCondition()
        told = _told(edge, self.edges(edge.to), target, _join(self._experience, edge.to))
        if told is None and not _is_done(executions.get(edge.from_)):
            return LastCondition()
        if told is None and target.status not in (NodeStatus.SKIPPED, *_DONE) and target.started_ms is None:
            return LastCondition()
        if told is None and target.status is NodeStatus.SKIPPED and _join(self._experience, edge.to) is Join.ALL:
            return LastCondition()  # another edge decided first
        values = _Values(composition, self._run, executions, self._value_of).of(edge)
        if values is None:
            return LastCondition(told)
        holds, seen = values
        return LastCondition(holds, seen) if told in (None, holds) else LastCondition(told)


def _told(edge: Edge, edges: Sequence[Edge], target: Execution, join: Join) -> bool | None:
    """What the outcome of the target says of a condition."""
    if target.status is not NodeStatus.SKIPPED:
        return True if join is Join.ALL and target.started_ms is not None else None
    cause = target.cause.edge if target.cause is not None else None
    if cause is None:
        return None
    if join is Join.ANY:
        return None
    ends = [(each.from_, each.to) for each in edges]
    if (cause.from_, cause.to) not in ends:
        return None
    decided, own = ends.index((cause.from_, cause.to)), ends.index((edge.from_, edge.to))
    return None if own > decided else own < decided


def _join(experience: Experience, vertex: str) -> Join:
    return next((node.join for node in experience.nodes if node.id == vertex), Join.ALL)


def _is_done(execution: Execution | None) -> bool:
    return execution is not None and execution.status in _DONE


class _Values(Struct, frozen=True):
    """Evaluates conditions with the values in a log, by the rules of a run."""

    composition: Composition
    run: History
    executions: Mapping[str, Execution]
    value_of: ValueOf

    def of(self, edge: Edge) -> tuple[bool, tuple[tuple[str, Json], ...]] | None:
        """The value of its condition, and those of its paths; None if one of them is unknown."""
        assert edge.when is not None
        paths = list(dict.fromkeys(paths_of(edge.when)))
        try:
            results = self._results(edge.to, paths)
            delivered = self._delivered(paths)
        except ValueLostError:
            return None
        find = lookup(Context(VisibleState(results, edge.to), delivered, Inside()))
        values = [(path, find(path)) for path in paths]
        if any(self._is_hidden(path) or _holds_mask(value) for path, value in values):
            return None
        shown = tuple((str(path), value) for path, value in values if value is not MISSING)
        return evaluate(edge.when, find).value, shown

    def _results(self, target: str, paths: Sequence[Path]) -> Results:
        """The results that matter to these paths. Raises ValueLostError."""
        started = self.run.started
        args = dict(started.args) if started is not None else {}
        start = dict(started.state) if started is not None else {}
        fields = {str(path.steps[0].value) for path in paths if path.root is Root.STATE and path.steps}
        names = {str(path.steps[0].value) for path in paths if path.root is Root.ARGS and path.steps}
        known = {name: self.value_of(value) for name, value in args.items() if name in names}
        begin = {name: self.value_of(value) for name, value in start.items() if name in fields}
        results = Results(self.composition, known, begin)
        before = self.composition.graph.ancestors(target)
        for id_ in self.composition.graph.order:
            if id_ in before and id_ in self.executions:
                deltas = tuple(self._deltas(self.executions[id_], fields))
                results.settle(id_, Result(Ending.DONE, deltas))
        return results

    def _deltas(self, execution: Execution, fields: set[str]) -> Iterator[dict[str, Json]]:
        """The writes of an execution, or of its parts, to these fields. Raises ValueLostError."""
        output = execution.output
        if output is not None:
            yield {name: self.value_of(value) for name, value in output.state_delta.items() if name in fields}
            return
        for part in execution.parts_in_order:
            yield from self._deltas(part, fields)

    def _delivered(self, paths: Sequence[Path]) -> dict[str, Json]:
        """The edge outputs that these paths name. Raises ValueLostError if one of them is not in the log."""
        delivered: dict[str, Json] = {}
        for path in paths:
            if path.root is not Root.EDGES or not path.steps:
                continue
            source = self.executions.get(str(path.steps[0].value))
            if source is not None and source.output is None and source.status in _DONE:
                raise ValueLostError(f"the edge output of {source.node_id} is in its parts")
            if source is not None and source.output is not None and source.output.edge_output is not UNSET:
                delivered[source.node_id] = self.value_of(source.output.edge_output)
        return delivered

    def _is_hidden(self, path: Path) -> bool:
        """Whether the log leaves the value out, since it contains a secret."""
        started = self.run.started
        if started is None or not path.steps:
            return False
        hidden = {Root.ARGS: started.masked_args, Root.STATE: started.masked_state}.get(path.root, ())
        return str(path.steps[0].value) in hidden


def _holds_mask(value: object) -> bool:
    if isinstance(value, str):
        return MASK in value
    if isinstance(value, list):
        return any(map(_holds_mask, value))
    return isinstance(value, dict) and any(map(_holds_mask, value.values()))
