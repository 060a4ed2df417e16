"""A run: takes the scheduler's commands, restores or executes, writes every event, until the end."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from engine.cache.key import InputKey
from engine.cache.keying import Keyings
from engine.cache.original import Recorded
from engine.core.scheduler import Scheduler
from engine.core.slots import Slots, usual_limits
from engine.core.tasks import (
    Cancelled,
    Command,
    Consider,
    Failed,
    FailRun,
    Finish,
    GroupBegan,
    GroupEnded,
    Happening,
    Limit,
    Skipped,
    StopAll,
    Task,
    TaskEnd,
    TimeOver,
    TryAgain,
    TryLater,
    Warn,
)
from engine.expressions import Json
from engine.log.events import (
    Event,
    NodeAttempt,
    NodeCached,
    NodeCancelled,
    NodeStarted,
    NodeWarning,
    Record,
    RunFinished,
    RunWarning,
    Scope,
)
from engine.log.secrets import Secrets
from engine.log.view import RunView
from engine.log.writer import LogWriter
from engine.nodes.registry import Kinds
from engine.runner.composing import outside_warnings
from engine.runner.deciding import Decider
from engine.runner.execution import Executor, cancelled, new_attempt_id, retry_wait_ms
from engine.runner.narration import group_ended, part_event, run_finished, run_started
from engine.runner.preparation import Preparation, concurrency, cores
from engine.runner.timers import Timers

_BUSY_SECONDS = 0.01
"""How long restoring may keep the loop before signals and workers are heard again."""


@dataclass(frozen=True, slots=True)
class _Execution:
    attempt_id: str
    future: asyncio.Task[TaskEnd]


class Run:
    """One run of one prepared experience. `drive` it once; `cancel` and `abandon` may be called while it goes on."""

    def __init__(
        self,
        preparation: Preparation,
        kinds: Kinds,
        log: LogWriter,
        observe: Callable[[Record], None],
        secrets: Secrets,
        wanted_concurrency: int | None = None,
    ) -> None:
        self.view = RunView()
        self._preparation = preparation
        self._log = log
        self._observe = observe
        self._keyings = Keyings(kinds)
        self._decider = Decider(self._keyings, preparation.original)
        self._scheduler = Scheduler(preparation.composition, preparation.args, preparation.start)
        self._slots = Slots(usual_limits(concurrency(preparation.experience, wanted_concurrency), cores()))
        self._executor = Executor(kinds, secrets, self._record, self._decider.changed)
        self._considered: deque[Task] = deque()
        self._keys: dict[Task, InputKey] = {}
        self._running: dict[Task, _Execution] = {}
        self._due: deque[Callable[[], None]] = deque()
        self._woken = asyncio.Event()
        self._groups_began: dict[tuple[str, tuple[Scope, ...]], float] = {}
        self._timers = Timers(self._happened)
        self._stop_reasons: dict[Task, str] = {}
        self._abandoned = False
        self._finish: Finish | None = None

    async def drive(self) -> RunFinished:
        """Run to the end. Raises OSError where the log cannot be written; then nothing more is started."""
        began = time.monotonic()
        self._record(run_started(self._log.run_id, self._preparation, self._keyings))
        for warning in outside_warnings(self._preparation.composition):
            self._record(RunWarning(message=warning))
        try:
            self._carry_out(self._scheduler.begin())
            while self._finish is None:
                await self._step()
        finally:
            self._timers.cancel()
            for execution in self._running.values():
                execution.future.cancel()
        original = self._preparation.original
        finished = run_finished(self._finish, self.view, original, self._scheduler.board, _since(began))
        self._record(finished)
        self._log.sync()
        return finished

    @property
    def final_state(self) -> dict[str, Json]:
        """The state as the results so far make it."""
        return self._scheduler.board.final_state()

    def cancel(self, reason: str) -> None:
        """Ask the run to end: nothing more begins, what runs is stopped and awaited."""
        self._soon(lambda: self._carry_out(self._scheduler.cancel(reason)))

    def abandon(self, reason: str) -> None:
        """End now, without waiting for what runs: the processes of nodes die with this one."""
        self.cancel(reason)
        self._abandoned = True
        for task, execution in self._running.items():
            self._soon(partial(self._end, task, cancelled(task, reason, execution.attempt_id)))

    async def _step(self) -> None:
        self._catch_up()
        self._consider()
        self._launch()
        if self._considered or self._finish is not None:
            await asyncio.sleep(0)
        else:
            await self._woken.wait()
        self._woken.clear()

    def _catch_up(self) -> None:
        """Tell the scheduler what happened meanwhile: here, where an event that cannot be logged ends the run."""
        while self._due:
            self._due.popleft()()

    def _soon(self, happen: Callable[[], None]) -> None:
        self._due.append(happen)
        self._woken.set()

    def _consider(self) -> None:
        """Restore what can be restored; let the rest wait for a slot."""
        until = time.monotonic() + _BUSY_SECONDS
        while self._considered and time.monotonic() < until:
            task = self._considered.popleft()
            decision = self._decider.decide(task)
            assert decision.key is not None
            if decision.restored is not None:
                self._end(task, _restored(task, decision.key, decision.restored))
            else:
                self._keys[task] = decision.key
                self._slots.add(task)

    def _launch(self) -> None:
        """Start what has a slot, once everything that it may build on is durable."""
        tasks = [(task, new_attempt_id()) for task in self._slots.take()]
        if not tasks:
            return
        for task, attempt_id in tasks:
            for warning in task.warnings:
                self._record(NodeWarning(node_id=task.node.id, scope=task.scope, message=warning))
            self._record(NodeStarted(node_id=task.node.id, scope=task.scope, attempt_id=attempt_id))
        self._log.sync()
        for task, attempt_id in tasks:
            future = asyncio.create_task(self._executor.execute(task, attempt_id, self._keys.pop(task)))
            future.add_done_callback(partial(self._executed, task, attempt_id))
            self._running[task] = _Execution(attempt_id, future)

    def _executed(self, task: Task, attempt_id: str, future: asyncio.Task[TaskEnd]) -> None:
        """An execution is over. A callback, since one that is cancelled before it begins runs no line of its own."""
        if self._abandoned:
            return
        if future.cancelled():
            end = cancelled(task, self._stop_reasons.pop(task, ""), attempt_id)
            self._soon(partial(self._end, task, end))
        else:
            self._soon(lambda: self._end(task, future.result()))

    def _end(self, task: Task, end: TaskEnd) -> None:
        began = self._running.pop(task, None) is not None
        self._decider.forget(task)
        if began:
            self._slots.release(task)
        if began or task.item is None or not isinstance(end, NodeCancelled):
            self._record(end)  # thousands of items that never began would only bury the log
        self._carry_out(self._scheduler.handle(end))

    def _carry_out(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, Consider):
                self._considered.append(command.task)
            elif isinstance(command, Finish):
                self._finish = command
            elif isinstance(command, StopAll):
                self._stop(command)
            elif isinstance(command, Limit):
                self._timers.after(command.timeout_ms, TimeOver(command.node.id, command.scope, command.attempt))
            elif isinstance(command, TryLater):
                self._try_later(command)
            elif not isinstance(command, FailRun):
                self._narrate(command)

    def _narrate(self, command: GroupBegan | GroupEnded | Failed | Skipped | Cancelled | Warn) -> None:
        group = command.node_id, command.scope
        if isinstance(command, GroupBegan):
            self._groups_began[group] = time.monotonic()
            self._record(NodeStarted(node_id=command.node_id, scope=command.scope, items=command.parts))
        elif isinstance(command, GroupEnded):
            self._record(group_ended(command, _since(self._groups_began.pop(group))))
        else:
            self._record(part_event(command))

    def _try_later(self, command: TryLater) -> None:
        wait_ms = retry_wait_ms(command.node.on_error, command.attempt)
        self._record(
            NodeAttempt(
                node_id=command.node.id,
                scope=command.scope,
                attempt=command.attempt,
                attempt_id=new_attempt_id(),
                level="node",
                error=command.error,
                wait_ms=wait_ms,
            )
        )
        self._timers.after(wait_ms, TryAgain(command.node.id, command.scope, command.attempt))

    def _happened(self, event: Happening) -> None:
        self._soon(lambda: self._carry_out(self._scheduler.handle(event)))

    def _stop(self, stop: StopAll) -> None:
        """Let everything within the stop's scope end as cancelled."""
        depth = len(stop.scope)

        def within(task: Task) -> bool:
            return task.scope[:depth] == stop.scope

        waiting = [*filter(within, self._considered), *self._slots.drain(within)]
        self._considered = deque(task for task in self._considered if not within(task))
        for task in waiting:
            self._soon(partial(self._end, task, cancelled(task, stop.reason)))
        for task, execution in self._running.items():
            if within(task) and task not in self._stop_reasons:  # what is being stopped is left to stop in peace
                self._stop_reasons[task] = stop.reason
                execution.future.cancel()

    def _record(self, event: Event) -> None:
        record = self._log.append(event)
        self.view.apply(record)
        self._observe(record)


def _restored(task: Task, key: InputKey, outcome: Recorded) -> NodeCached:
    return NodeCached(
        node_id=task.node.id,
        scope=task.scope,
        input_hash=key.hash,
        input_parts=key.parts,
        output=outcome.output,
        duration_ms=outcome.duration_ms,
        metrics=outcome.metrics,
        produced_by=outcome.produced_by,
    )


def _since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 3)
