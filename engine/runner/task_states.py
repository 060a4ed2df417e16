"""The states that a task of a run goes through, and the table of all tasks that have not ended."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from msgspec import Struct

from engine.cache.decisions.decision import Decision
from engine.scheduler.slots import Slots
from engine.scheduler.tasks import Task


class TaskState(Enum):
    """The states between the scheduler's command and the end of a task."""

    WANTED = "wanted"
    """Waits for the decision whether to restore or to run it."""
    INSPECTING = "inspecting"
    """Waits for settings that are part of its input hash and take long to find."""
    IN_DOUBT = "in doubt"
    """Was started in an earlier run that did not log its end: somebody must say whether it may run again."""
    WAITING = "waiting"
    """Is going to run; waits for a slot."""
    RUNNING = "running"
    """Has a slot."""
    STOPPING = "stopping"
    """Is being stopped, whether it runs or not; its end is yet to be reported."""
    ENDED = "ended"
    """Was restored, or completed, failed or cancelled. Not in the table any more."""


NEXT_STATES: dict[TaskState, frozenset[TaskState]] = {
    TaskState.WANTED: frozenset(
        {TaskState.INSPECTING, TaskState.IN_DOUBT, TaskState.WAITING, TaskState.STOPPING, TaskState.ENDED}
    ),
    TaskState.INSPECTING: frozenset({TaskState.WANTED, TaskState.STOPPING}),
    TaskState.IN_DOUBT: frozenset({TaskState.STOPPING}),
    TaskState.WAITING: frozenset({TaskState.RUNNING, TaskState.STOPPING}),
    TaskState.RUNNING: frozenset({TaskState.STOPPING, TaskState.ENDED}),
    TaskState.STOPPING: frozenset({TaskState.ENDED}),
    TaskState.ENDED: frozenset(),
}


class TaskRecord(Struct):
    """A task and its state.

    `decision` is known from IN_DOUBT or WAITING on. `attempt_id` is that of its first attempt, once it is RUNNING.
    `future` is what goes on for it: the search for its settings, or its execution.
    """

    task: Task
    state: TaskState = TaskState.WANTED
    decision: Decision | None = None
    attempt_id: str | None = None
    future: asyncio.Task[Any] | None = None
    stop_reason: str | None = None


class TaskTable:
    """All tasks that the scheduler wanted and that have not ended, each in one state.

    Waiting tasks queue in `slots`. Every method raises ValueError for a transition that NEXT_STATES does not have.
    """

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._records: dict[Task, TaskRecord] = {}
        self._in: dict[TaskState, OrderedDict[Task, TaskRecord]] = {state: OrderedDict() for state in TaskState}

    def state(self, task: Task) -> TaskState:
        """The state of `task`; ENDED where it is not in the table."""
        record = self._records.get(task)
        return TaskState.ENDED if record is None else record.state

    def records(self, *states: TaskState) -> list[TaskRecord]:
        """The tasks in these states, those that entered theirs first before the others."""
        return [record for state in states for record in self._in[state].values()]

    def any(self, *states: TaskState) -> bool:
        """Whether any task is in one of these states."""
        return any(self._in[state] for state in states)

    @property
    def running(self) -> list[TaskRecord]:
        """The tasks that hold a slot."""
        held = self.records(TaskState.RUNNING, TaskState.STOPPING)
        return [record for record in held if record.attempt_id is not None]

    def want(self, task: Task) -> None:
        """Add a task, or one whose settings were found: it is the last of those to decide about."""
        if task in self._records:
            self._move(self._records[task], TaskState.WANTED)
        else:
            self._records[task] = self._in[TaskState.WANTED][task] = TaskRecord(task)

    def first_wanted(self) -> Task | None:
        """The task to decide about next."""
        return next(iter(self._in[TaskState.WANTED]), None)

    def inspect(self, task: Task, future: asyncio.Task[None]) -> None:
        """The settings of a wanted task are being searched for."""
        record = self._records[task]
        self._move(record, TaskState.INSPECTING)
        record.future = future

    def doubt(self, task: Task, decision: Decision) -> None:
        """Nobody knows whether a wanted task may run."""
        record = self._records[task]
        self._move(record, TaskState.IN_DOUBT)
        record.decision = decision

    def wait(self, task: Task, decision: Decision) -> None:
        """A wanted task is to run."""
        record = self._records[task]
        self._move(record, TaskState.WAITING)
        record.decision = decision
        self._slots.add(task)

    def start(self, new_attempt_id: Callable[[], str]) -> list[TaskRecord]:
        """Give the free slots to waiting tasks: they are running now."""
        started = [self._records[task] for task in self._slots.take()]
        for record in started:
            self._move(record, TaskState.RUNNING)
            record.attempt_id = new_attempt_id()
        return started

    def stop(self, within: Callable[[Task], bool], reason: str) -> list[TaskRecord]:
        """Stop the tasks that are `within`. Returns those that do not run: nothing else will report their end."""
        idle = [record for record in self.records(TaskState.INSPECTING, TaskState.WANTED) if within(record.task)]
        idle += [self._records[task] for task in self._slots.drain(within)]
        idle += [record for record in self.records(TaskState.IN_DOUBT) if within(record.task)]
        self._stop(idle, reason)
        self._stop([record for record in self.records(TaskState.RUNNING) if within(record.task)], reason)
        return idle

    def end(self, task: Task) -> TaskRecord:
        """Remove a task that has ended, and free its slot."""
        record = self._records[task]
        self._move(record, TaskState.ENDED)
        del self._records[task], self._in[TaskState.ENDED][task]
        if record.attempt_id is not None:
            self._slots.release(task)
        return record

    def _stop(self, records: Iterable[TaskRecord], reason: str) -> None:
        for record in records:
            self._move(record, TaskState.STOPPING)
            record.stop_reason = reason
            if record.future is not None:
                record.future.cancel()

    def _move(self, record: TaskRecord, to: TaskState) -> None:
        if to not in NEXT_STATES[record.state]:
            raise ValueError(f"{record.task.node.id} is {record.state.value}, so it cannot become {to.value}")
        del self._in[record.state][record.task]
        record.state = to
        self._in[to][record.task] = record
