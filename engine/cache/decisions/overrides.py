"""Overrides of decisions by the user: `--rerun`, `--from`, `--accept` and `--only`. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from engine.cache.decisions.address import Address, Levels, Step, covers, levels_of, touches
from engine.cache.decisions.decision import Answer, Decision
from engine.cache.decisions.execution_path import path_of
from engine.cache.decisions.find_address import compositions_on, find_address, loop_of, pipeline_of, vertex_of
from engine.cache.decisions.recorded_lists import RecordedLists
from engine.cache.decisions.recorded_outcomes import RecordedOutcomes
from engine.log.events.events import Scope
from engine.scheduler.composition import Composition


class Overrides(Struct, frozen=True):
    """Overrides by address; each holds for everything inside.

    `rerun` maps what must run again to the option that says so. `accept` is restored although it changed. With `only`,
    nothing else may run; what can be restored still is. `lists` has the items that indexes refer to.
    """

    rerun: Mapping[Address, str] = field(default_factory=dict)
    accept: tuple[Address, ...] = ()
    only: tuple[Address, ...] | None = None
    lists: RecordedLists = field(default_factory=RecordedLists)

    def applied(
        self, made: Decision, original: RecordedOutcomes | None, node_id: str, scope: tuple[Scope, ...]
    ) -> Decision:
        """The decision for an execution after these overrides."""
        if not self.rerun and not self.accept and self.only is None:
            return made
        levels = levels_of(node_id, scope)
        asked = next((option for address, option in self.rerun.items() if covers(address, levels, self.lists)), None)
        if asked is not None:
            made = _again(made, asked)
        elif made.answer is not Answer.RESTORED and original is not None and self._has(self.accept, levels):
            made = _accepted(made, original, node_id, scope)
        if made.answer is Answer.RESTORED or self.only is None or self._has(self.only, levels):
            return made
        return Decision(Answer.SKIPPED, (NOT_ASKED_FOR,), made.key)

    def may_run(self, scope: tuple[Scope, ...], vertex: str) -> bool:
        """Whether `vertex`, or anything inside it, may run if it has to."""
        if self.only is None:
            return True
        levels = levels_of(vertex, scope)
        return any(touches(address, levels, self.lists) for address in self.only)

    def _has(self, addresses: Iterable[Address], levels: Levels) -> bool:
        return any(covers(address, levels, self.lists) for address in addresses)


NOT_ASKED_FOR = "not asked for (--only)"


def overrides_of(
    composition: Composition,
    original: RecordedOutcomes,
    *,
    from_: Iterable[str] = (),
    rerun: Iterable[str] = (),
    accept: Iterable[str] = (),
    only: Iterable[str] = (),
) -> Overrides:
    """The overrides for these addresses. `from_` includes all that comes after them, `only` all that they need.

    Raises AddressError.
    """

    def find(text: str) -> Address:
        return find_address(text, composition, original)

    again = {after: f"--from {text}" for text in from_ for after in _from(find(text), composition)}
    again.update((find(text), f"--rerun {text}") for text in rerun)
    needed = tuple(each for text in only for each in _needed(find(text), composition))
    return Overrides(again, tuple(map(find, accept)), needed or None, original.lists)


def _from(address: Address, composition: Composition) -> Iterator[Address]:
    """What the address stands for, and all that comes after it, in each of the experiences around it."""
    for depth, within in enumerate(compositions_on(address, composition)):
        around, step = address[:depth], address[depth]
        vertex, graph = vertex_of(step.id, within), within.graph
        yield from ((*around, Step(other)) for other in graph.order if vertex in graph.ancestors(other))
        pipeline = pipeline_of(step.id, within)
        if pipeline is not None and step.id in pipeline.stages:
            later = pipeline.stages[pipeline.stages.index(step.id) + 1 :]
            yield from ((*around, Step(stage, index=step.index)) for stage in later)
        if step.first is not None:
            yield (*around, Step(step.id, step.first + 1))
    yield address


def _needed(address: Address, composition: Composition) -> Iterator[Address]:
    """What the address stands for, and all that it waits for, in each of the experiences around it."""
    for depth, within in enumerate(compositions_on(address, composition)):
        around, step = address[:depth], address[depth]
        vertex = vertex_of(step.id, within)
        yield from ((*around, Step(before)) for before in within.graph.ancestors(vertex))
        if step.first:
            yield (*around, Step(step.id, 0, step.first - 1))
        pipeline, loop = pipeline_of(step.id, within), loop_of(step.id, within)
        if pipeline is not None and step.id in pipeline.stages:
            earlier = pipeline.stages[: pipeline.stages.index(step.id)]
            yield from ((*around, Step(stage, index=step.index)) for stage in earlier)
        if loop is not None and step.first is None and depth + 1 < len(address):
            yield (*around, Step(step.id))  # whatever an iteration leaves out, the next one would need
    last = address[-1]
    yield address if last.first is not None else (*address[:-1], replace(last, id=vertex_of(last.id, within)))


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
