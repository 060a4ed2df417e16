"""Drives the pure scheduler through a whole run: no process, no file, no clock."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from random import Random

from engine.experience.model import Experience, Policy
from engine.expressions import Json
from engine.log.events.events import (
    ErrorInfo,
    NodeCached,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    Output,
    ProducedBy,
    Scope,
)
from engine.scheduler.composition import Composition, compose
from engine.scheduler.scheduler import Scheduler
from engine.scheduler.slots import Limits, Slots
from engine.scheduler.state.writes import check_output
from engine.scheduler.tasks import (
    Command,
    Consider,
    Limit,
    SchedulerEvent,
    StopAll,
    Task,
    TaskEnd,
    TimeOver,
    TryAgain,
    TryLater,
)
from tests.unit.scheduler.story import Story, name_of

Behaviour = Callable[[Task], Output | ErrorInfo]


def writes(**delta: Json) -> Behaviour:
    """A node that writes these fields."""
    return lambda _: Output(delta)


def sends(value: Json) -> Behaviour:
    """A node that sends this along its edges."""
    return lambda _: Output({}, value)


def fails(message: str = "broken") -> Behaviour:
    """A node that fails."""
    return lambda _: ErrorInfo("test", message)


class Drive:
    """One run, through the real slots. At most `width` tasks are under way; which of them ends next is `choose`'s.

    A task whose node says `retry` is tried again at once: `behaviours` are asked once for each attempt. `restore`
    gives the outputs of tasks that need not run. `rings` lets the time of nested experiences be over, now
    and then.
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
        restore: Callable[[Task], Output | None] = lambda _: None,
        rings: bool = False,
    ) -> None:
        self.story = Story()
        self._behaviours = behaviours
        self._slots = Slots(Limits(width))
        self._considered: deque[Task] = deque()
        self._under_way: list[Task | TryAgain] = []
        self._due: deque[SchedulerEvent] = deque()
        self._retries: Counter[tuple[str, tuple[Scope, ...]]] = Counter()
        self._choose = choose or Random(0)
        self._cancel_after = cancel_after
        self._restore = restore
        self._rings = rings
        composition = compose(experience, nested=nested)
        self._scheduler = Scheduler(composition, args or {}, experience.starting_state())

    def run(self) -> Story:
        """Run to the end."""
        self._carry_out(self._scheduler.begin())
        while self.story.status is None:
            self._step()
        begun = [one for one in self._under_way if isinstance(one, Task)]
        assert not begun, "the run ended before what it had begun"
        self.story.state = self._scheduler.results.final_state()
        return self.story

    def retries_around(self, task: Task) -> int:
        """How often the nested experiences that `task` runs in have been tried again."""
        return sum(self._retries[step.id, task.scope[:depth]] for depth, step in enumerate(task.scope))

    def ring(self, limit: Limit) -> None:
        """The time of a nested experience is over."""
        self._tell(TimeOver(limit))

    def _step(self) -> None:
        if self._due:
            self._tell(self._due.popleft())
        elif self._considered:
            self._consider(self._considered.popleft())
        elif self._cancel_after is not None and len(self.story.executed) >= self._cancel_after:
            self._cancel_after = None
            self._carry_out(self._scheduler.cancel("enough"))
        elif self._rings and self.story.limits and self._choose.random() < 0.2:
            self.ring(self._choose.choice(self.story.limits))
        else:
            self._go_on()

    def _consider(self, task: Task) -> None:
        output = self._restore(task)
        if output is None:
            self._slots.add(task)
        else:
            self.story.restored.append(name_of(task))
            self._tell(
                NodeCached(
                    node_id=task.node.id,
                    scope=task.scope,
                    input_hash="",
                    input_parts={},
                    output=output,
                    duration_ms=1,
                    produced_by=ProducedBy("", 0),
                )
            )

    def _go_on(self) -> None:
        """Something that was under way ends."""
        self._under_way += self._slots.take()
        assert self._under_way, "the scheduler waits for nothing: a deadlock"
        self.story.most_at_once = max(self.story.most_at_once, sum(isinstance(one, Task) for one in self._under_way))
        one = self._under_way.pop(self._choose.randrange(len(self._under_way)))
        if isinstance(one, TryAgain):
            self._tell(one)
            return
        self._slots.release(one)
        self._tell(self._execute(one))

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
        self.story.outputs[name] = result
        return NodeCompleted(node_id=task.node.id, scope=task.scope, output=result, duration_ms=1)

    def _attempt(self, task: Task) -> Output | ErrorInfo:
        result = self._behaviours.get(task.node.id, writes())(task)
        if isinstance(result, ErrorInfo):
            return result
        checked = check_output(task.visible_state, task.node, result)
        return checked.error or checked.output

    def _tell(self, event: SchedulerEvent) -> None:
        self._carry_out(self._scheduler.handle(event))

    def _carry_out(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, Consider):
                self._considered.append(command.task)
            elif isinstance(command, StopAll):
                self._stop(command.scope)
            elif isinstance(command, TryLater):
                self._retries[command.node.id, command.scope] += 1
                self._under_way.append(TryAgain(command))
            self.story.note(command)

    def _stop(self, scope: tuple[Scope, ...]) -> None:
        """What runs ends as cancelled: later, as in a real run."""

        def within(task: Task | TryAgain) -> bool:
            return isinstance(task, Task) and task.scope[: len(scope)] == scope

        running = [task for task in self._under_way if isinstance(task, Task) and within(task)]
        waiting = [*filter(within, self._considered), *self._slots.drain(within)]
        self._under_way = [one for one in self._under_way if not within(one)]
        self._considered = deque(task for task in self._considered if not within(task))
        for task in running:
            self._slots.release(task)
        for task in (*waiting, *running):
            self.story.cancelled.append(name_of(task))
            self._due.append(NodeCancelled(node_id=task.node.id, scope=task.scope, reason="stopped"))
