"""Drives the pure scheduler through a whole run: no process, no file, no clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from engine.core.composition import Composition, compose
from engine.core.scheduler import Scheduler
from engine.core.slots import Limits, Slots
from engine.core.tasks import (
    Command,
    Consider,
    Failed,
    Finish,
    GroupEnded,
    Skipped,
    StopAll,
    Task,
    TaskEnd,
    TryAgain,
    TryLater,
    Warn,
)
from engine.core.writes import check_output
from engine.expressions import Json
from engine.log.events import (
    ErrorInfo,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    Output,
    RunStatus,
    Scope,
    ScopeKind,
)
from engine.spec.model import Experience, Policy

Behaviour = Callable[[Task], Output | ErrorInfo]


def writes(**delta: Json) -> Behaviour:
    """A node that writes these fields."""
    return lambda _: Output(delta)


def sends(value: Json) -> Behaviour:
    """A node that sends this along its edges."""
    return lambda _: Output({}, value, True)


def fails(message: str = "broken") -> Behaviour:
    """A node that fails."""
    return lambda _: ErrorInfo("test", message)


@dataclass
class Story:
    """What happened in a run, in order."""

    executed: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    cancelled: list[str] = field(default_factory=list)
    tasks: dict[str, Task] = field(default_factory=dict)
    groups: dict[str, GroupEnded] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    retried: list[str] = field(default_factory=list)
    most_at_once: int = 0
    status: RunStatus | None = None
    reason: str | None = None
    state: Mapping[str, Json] = field(default_factory=dict)


class Drive:
    """One run, through the real slots. At most `width` tasks are under way; which of them ends next is `choose`'s.

    A task whose node says `retry` is tried again at once: `behaviours` are asked once for each attempt.
    """

    def __init__(
        self,
        experience: Experience,
        behaviours: Mapping[str, Behaviour],
        *,
        args: Mapping[str, Json] | None = None,
        width: int = 1,
        choose: Random | None = None,
        cancel_after: int | None = None,
        nested: Mapping[str, Composition] | None = None,
    ) -> None:
        self.story = Story()
        self._behaviours = behaviours
        self._slots = Slots(Limits(width))
        self._under_way: list[Task] = []
        self._choose = choose or Random(0)
        self._cancel_after = cancel_after
        composition = compose(experience, nested=nested)
        self._scheduler = Scheduler(composition, args or {}, experience.starting_state())

    def run(self) -> Story:
        """Run to the end."""
        self._carry_out(self._scheduler.begin())
        while self.story.status is None:
            self._under_way += self._slots.take()
            assert self._under_way, "the scheduler waits for nothing: a deadlock"
            if self._cancel_after is not None and len(self.story.executed) >= self._cancel_after:
                self._cancel_after = None
                self._carry_out(self._scheduler.cancel("enough"))
                continue
            self.story.most_at_once = max(self.story.most_at_once, len(self._under_way))
            task = self._under_way.pop(self._choose.randrange(len(self._under_way)))
            self._slots.release(task)
            self._carry_out(self._scheduler.handle(self._execute(task)))
        self.story.state = self._scheduler.board.final_state()
        return self.story

    def _execute(self, task: Task) -> TaskEnd:
        name = name_of(task)
        self.story.executed.append(name)
        self.story.tasks[name] = task
        policy = task.node.on_error
        for _ in range(policy.attempts if policy.policy is Policy.RETRY else 1):
            result = self._attempt(task)
            if not isinstance(result, ErrorInfo):
                break
        if isinstance(result, ErrorInfo):
            self.story.failed[name] = result.message
            return NodeFailed(node_id=task.node.id, scope=task.scope, error=result)
        return NodeCompleted(node_id=task.node.id, scope=task.scope, output=result, duration_ms=1)

    def _attempt(self, task: Task) -> Output | ErrorInfo:
        result = self._behaviours.get(task.node.id, writes())(task)
        if isinstance(result, ErrorInfo):
            return result
        checked = check_output(task.sight, task.node, result)
        return checked.error or checked.output

    def _carry_out(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, Consider):
                self._slots.add(command.task)
            elif isinstance(command, Skipped):
                self.story.skipped[_named(command.node_id, command.scope)] = command.reason
            elif isinstance(command, Failed):
                self.story.failed[_named(command.node_id, command.scope)] = command.error.message
            elif isinstance(command, GroupEnded):
                self.story.groups[_named(command.node_id, command.scope)] = command
            elif isinstance(command, Warn):
                self.story.warnings.append(command.message)
            elif isinstance(command, StopAll):
                self._stop(command.scope)
            elif isinstance(command, TryLater):
                self.story.retried.append(command.error.message)
                again = TryAgain(command.node.id, command.scope, command.attempt)
                self._carry_out(self._scheduler.handle(again))
            elif isinstance(command, Finish):
                self.story.status, self.story.reason = command.status, command.reason

    def _stop(self, scope: tuple[Scope, ...]) -> None:
        def within(task: Task) -> bool:
            return task.scope[: len(scope)] == scope

        running = [task for task in self._under_way if within(task)]
        self._under_way = [task for task in self._under_way if not within(task)]
        for task in running:
            self._slots.release(task)
        for task in (*self._slots.drain(within), *running):
            self.story.cancelled.append(name_of(task))
            event = NodeCancelled(node_id=task.node.id, scope=task.scope, reason="stopped")
            self._carry_out(self._scheduler.handle(event))


def name_of(task: Task) -> str:
    """How a test names an execution: `each[0]`, `rows[1].parse`, `polish#2.revise`, `child/inner`."""
    return _named(task.node.id, task.scope)


def _named(node_id: str, scope: tuple[Scope, ...]) -> str:
    parts = [
        (f"{step.id}[{step.item.index}]" if step.item else f"{step.id}#{step.iteration}")
        if step.kind is not ScopeKind.EXPERIENCE
        else f"{step.id}/"
        for step in scope
    ]
    if scope and scope[-1].kind is ScopeKind.FANOUT and scope[-1].id == node_id:
        return ".".join(parts).replace("/.", "/")
    return ".".join([*parts, node_id]).replace("/.", "/")
