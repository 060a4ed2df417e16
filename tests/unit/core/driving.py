"""Drives the pure scheduler through a whole run: no process, no file, no clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from engine.core.scheduler import Scheduler, TaskEnd
from engine.core.tasks import Command, Consider, FanOutEnded, Finish, StopAll, Task, VertexFailed, VertexSkipped
from engine.expressions import Json
from engine.graph import build_graph
from engine.log.events import ErrorInfo, NodeCancelled, NodeCompleted, NodeFailed, Output, RunStatus
from engine.spec.model import Experience

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
    fanouts: dict[str, FanOutEnded] = field(default_factory=dict)
    status: RunStatus | None = None
    reason: str | None = None
    state: Mapping[str, Json] = field(default_factory=dict)


class Drive:
    """One run. At most `width` tasks are under way; which of them ends next is `choose`'s."""

    def __init__(
        self,
        experience: Experience,
        behaviours: Mapping[str, Behaviour],
        *,
        args: Mapping[str, Json] | None = None,
        width: int = 1,
        choose: Random | None = None,
        cancel_after: int | None = None,
    ) -> None:
        self.story = Story()
        self._behaviours = behaviours
        self._width = width
        self._choose = choose or Random(0)
        self._cancel_after = cancel_after
        self._considered: list[Task] = []
        graph = build_graph(experience)
        self._scheduler = Scheduler(experience, graph, args or {}, experience.starting_state())

    def run(self) -> Story:
        """Run to the end."""
        self._carry_out(self._scheduler.begin())
        while self.story.status is None:
            assert self._considered, "the scheduler waits for nothing: a deadlock"
            if self._cancel_after is not None and len(self.story.executed) >= self._cancel_after:
                self._cancel_after = None
                self._carry_out(self._scheduler.cancel("enough"))
                continue
            under_way = self._considered[: self._width]
            task = self._choose.choice(under_way)
            self._considered.remove(task)
            self._carry_out(self._scheduler.handle(self._execute(task)))
        self.story.state = self._scheduler.board.final_state()
        return self.story

    def _execute(self, task: Task) -> TaskEnd:
        name = task.node.id if task.item is None else f"{task.node.id}[{task.item.index}]"
        self.story.executed.append(name)
        self.story.tasks[name] = task
        result = self._behaviours.get(task.node.id, writes())(task)
        if isinstance(result, ErrorInfo):
            self.story.failed[name] = result.message
            return NodeFailed(node_id=task.node.id, scope=task.scope, error=result)
        return NodeCompleted(node_id=task.node.id, scope=task.scope, output=result, duration_ms=1)

    def _carry_out(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, Consider):
                self._considered.append(command.task)
            elif isinstance(command, VertexSkipped):
                self.story.skipped[command.node_id] = command.reason
            elif isinstance(command, VertexFailed):
                self.story.failed[command.node_id] = command.error.message
            elif isinstance(command, FanOutEnded):
                self.story.fanouts[command.node_id] = command
            elif isinstance(command, StopAll):
                self._stop()
            elif isinstance(command, Finish):
                self.story.status, self.story.reason = command.status, command.reason

    def _stop(self) -> None:
        stopped, self._considered = self._considered, []
        for task in stopped:
            self.story.cancelled.append(task.node.id)
            event = NodeCancelled(node_id=task.node.id, scope=task.scope, reason="stopped")
            self._carry_out(self._scheduler.handle(event))
