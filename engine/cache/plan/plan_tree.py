"""From the answers for single executions to the entries of a plan, a tree like the experience. Pure."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field
from msgspec.structs import replace

from engine.cache.decisions.decision import Answer
from engine.cache.decisions.overrides import NOT_ASKED_FOR
from engine.cache.plan.execution_answer import Answering
from engine.cache.plan.plan_entries import Entry, as_whole, saved, saved_ms
from engine.experience.model import Loop, Node, Pipeline
from engine.log.events.events import Scope, ScopeKind
from engine.scheduler.composition import Composition
from engine.scheduler.readiness import Go
from engine.scheduler.state.results import Ending, Result
from engine.scheduler.tasks import Cancelled, Command, Failed, GroupBegan, GroupEnded, Skipped, Unknown

Scopes = tuple[Scope, ...]
Said = Skipped | Failed | Cancelled | GroupEnded | Unknown


class Answers(Struct):
    """The answers for executions, and what the scheduler said, by scope and the id of the node or vertex.

    `settled` maps vertices that were begun to the reason and to their result.
    """

    executions: dict[tuple[Scopes, str], Entry] = field(default_factory=dict)
    said: dict[tuple[Scopes, str], Said] = field(default_factory=dict)
    settled: dict[tuple[Scopes, str], tuple[Go, Result]] = field(default_factory=dict)
    _parts: dict[tuple[Scopes, str], set[Scope]] = field(default_factory=dict)

    def add(self, scope: Scopes, entry: Entry) -> None:
        """Add the answer for one execution."""
        self.executions[scope, entry.node_id] = entry
        self._note_parts(scope)

    def note(self, command: Command) -> None:
        """Add a command of the scheduler."""
        if isinstance(command, (Skipped, Failed, Cancelled, GroupEnded, Unknown)):
            self.said[command.scope, command.node_id] = command
        if isinstance(command, (GroupBegan, Failed, Unknown)):
            self._note_parts(command.scope)

    def parts(self, scope: Scopes, id_: str) -> list[Scope]:
        """The steps into the items or iterations of a fan-out, pipeline or loop, in their order."""
        return sorted(self._parts.get((scope, id_), ()), key=_index)

    def _note_parts(self, scope: Scopes) -> None:
        for depth in range(len(scope) - 1, -1, -1):
            steps = self._parts.setdefault((scope[:depth], scope[depth].id), set())
            if scope[depth] in steps:
                break  # and those around it are noted
            steps.add(scope[depth])


class PlanTree:
    """Puts the entries of one graph together, the outermost or a nested one."""

    def __init__(self, answers: Answers, answerer: Answering, composition: Composition) -> None:
        self._answers = answers
        self._answerer = answerer
        self._composition = composition
        experience = composition.experience
        self._nodes = {node.id: node for node in experience.nodes}
        self._pipelines = {pipeline.id: pipeline for pipeline in experience.pipelines}
        self._loops = {loop.id: loop for loop in experience.loops}

    def entries(self, scope: Scopes) -> tuple[Entry, ...]:
        """The entries of the graph that runs inside `scope`, in its order."""
        return tuple(self._vertex(vertex, scope) for vertex in self._composition.graph.order)

    def _vertex(self, vertex: str, scope: Scopes) -> Entry:
        said = self._answers.said.get((scope, vertex))
        if isinstance(said, Skipped):
            return Entry(vertex, Answer.SKIPPED, (said.reason,))
        entry = self._begun(vertex, scope)
        go, result = self._answers.settled[scope, vertex]
        if self._answerer.is_not_asked_for(scope, vertex, result):
            return replace(entry, answer=Answer.SKIPPED, reasons=(NOT_ASKED_FOR,))
        if go.unknown and result.ending is Ending.DONE:
            reasons = tuple(f"it needs {predecessor} to succeed" for predecessor in go.unknown)
            entry = replace(entry, answer=Answer.DEPENDS, reasons=reasons)
        elif go.unknown and entry.answer is Answer.WILL_RUN:
            entry = replace(entry, answer=Answer.IF_PREDECESSORS_SUCCEED)
        if not go.conditions:
            return entry
        # It may also be skipped: nothing certain can be said until the conditions can be evaluated.
        reasons = tuple(f"when: {condition}" for condition in go.conditions)
        return replace(entry, answer=Answer.DEPENDS, reasons=(*reasons, *entry.reasons))

    def _begun(self, vertex: str, scope: Scopes) -> Entry:
        if vertex in self._pipelines:
            pipeline = self._pipelines[vertex]
            return self._list(vertex, scope, lambda item: self._pipeline_item(pipeline, item))
        if vertex in self._loops:
            return self._loop(self._loops[vertex], scope)
        return self._node(self._nodes[vertex], scope)

    def _node(self, node: Node, scope: Scopes) -> Entry:
        if node.for_each is not None:
            return self._list(node.id, scope, lambda item: self._execution(node.id, item))
        return self._execution(node.id, scope)

    def _execution(self, node_id: str, scope: Scopes) -> Entry:
        """The entry of one execution of a node: an answer, or a nested experience."""
        answer = self._answers.executions.get((scope, node_id))
        if answer is not None:
            return answer
        said = self._answers.said[scope, node_id]
        if isinstance(said, Failed):
            return _failing(said)
        child = PlanTree(self._answers, self._answerer, self._composition.nested[node_id])
        entries = child.entries((*scope, Scope(ScopeKind.EXPERIENCE, node_id)))
        return _with_end(as_whole(node_id, entries, "node"), said)

    def _list(self, id_: str, scope: Scopes, entry_at: Callable[[Scopes], Entry]) -> Entry:
        """The entry of a fan-out or pipeline: of an item by its scope, `entry_at` gives the entry."""
        said = self._answers.said[scope, id_]
        if isinstance(said, Failed):
            return _failing(said)
        if isinstance(said, Unknown) and said.reasons:
            return self._answerer.unknown(id_, scope, said.reasons)
        steps = self._answers.parts(scope, id_)
        items = [replace(entry_at((*scope, step)), index=_index(step)) for step in steps]
        return _with_end(as_whole(id_, items, "item"), said)

    def _pipeline_item(self, pipeline: Pipeline, scope: Scopes) -> Entry:
        """The entry of an item of a pipeline: that of the first of its stages that is not restored."""
        entries: list[Entry] = []
        for stage in pipeline.stages:
            entry = self._execution(stage, scope)
            entries.append(entry)
            if entry.answer is not Answer.RESTORED or isinstance(self._answers.said.get((scope, stage)), Unknown):
                reasons = tuple(f"{stage}: {reason}" for reason in entry.reasons) or (stage,)
                stopped = replace(entry, node_id=pipeline.id, reasons=reasons, stage=stage)
                return replace(stopped, saved_ms=saved_ms(entries), saved=saved(entries))
        restored = Entry(pipeline.id, Answer.RESTORED)
        return replace(restored, saved_ms=saved_ms(entries), saved=saved(entries))

    def _loop(self, loop: Loop, scope: Scopes) -> Entry:
        entries: list[Entry] = []
        for step in self._answers.parts(scope, loop.id):
            entry = self._node(self._nodes[loop.body], (*scope, step))
            entries.append(replace(entry, node_id=loop.id, index=_index(step)))
        whole, said = as_whole(loop.id, entries, "iteration"), self._answers.said[scope, loop.id]
        if isinstance(said, Cancelled) or (isinstance(said, GroupEnded) and said.error is None):
            return _with_end(whole, said)
        if isinstance(said, Unknown) and said.reasons:
            answer, reasons = Answer.DEPENDS, said.reasons
        else:
            last = entries[-1]
            answer, reasons = last.answer, tuple(f"iteration {last.index}: {reason}" for reason in last.reasons)
        return replace(whole, answer=answer, reasons=reasons, items=tuple(entries), changes=())


def _index(step: Scope) -> int:
    if step.item is not None:
        return step.item.index
    return step.iteration or 0


def _failing(said: Failed) -> Entry:
    """The entry of a group that fails before anything in it begins."""
    return Entry(said.node_id, Answer.WILL_RUN, (said.error.message,), fails_again=True)


def _with_end(whole: Entry, said: Said) -> Entry:
    """The entry of a group with known parts: it may fail, or be unknown, although all of them are restored."""
    if whole.answer is not Answer.RESTORED:
        return whole
    if isinstance(said, Cancelled):
        left = sum(1 for item in whole.items if item.answer is Answer.SKIPPED)
        reasons = (f"{left} of {len(whole.items)} {whole.part}s {NOT_ASKED_FOR}",)
        return replace(whole, answer=Answer.SKIPPED, reasons=reasons)
    if isinstance(said, GroupEnded) and said.error is not None:
        return replace(whole, answer=Answer.WILL_RUN, reasons=(said.error.message,))
    if isinstance(said, Unknown) and said.reasons:
        return replace(whole, answer=Answer.DEPENDS, reasons=said.reasons)
    return whole
