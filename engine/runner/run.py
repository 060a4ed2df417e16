"""A run: takes the scheduler's commands, restores or executes, writes every event, until the end."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from engine.cache.decision import Ambiguity, Answer, Decision
from engine.cache.keying import Keyings
from engine.cache.sources import Sources
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
    Input,
    NodeAttempt,
    NodeCancelled,
    NodeStarted,
    NodeWarning,
    Record,
    RunFinished,
    RunWarning,
    Scope,
)
from engine.log.input_names import InputNames
from engine.log.secrets import Secrets
from engine.log.view import RunView
from engine.log.writer import LogWriteError, LogWriter
from engine.nodes.registry import Kinds
from engine.runner.composing import outside_warnings
from engine.runner.deciding import Decider
from engine.runner.execution import (
    Executor,
    broke_off,
    cancelled,
    in_doubt,
    new_attempt_id,
    retry_wait_ms,
    unanswered,
)
from engine.runner.narration import (
    group_ended,
    part_event,
    received,
    restored,
    run_finished,
    run_started,
    started,
    texts_of,
)
from engine.runner.preparation import Preparation, concurrency, cores
from engine.runner.timers import Timers
from engine.spec.model import OnAmbiguous

_BUSY_SECONDS = 0.01
"""How long restoring may keep the loop before signals and workers are heard again."""

_GRACE_SECONDS = 10.0
"""How long executions may take to stop when the run breaks off."""


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
        sources: Sources,
        wanted_concurrency: int | None = None,
    ) -> None:
        self.view = RunView()
        self._preparation = preparation
        self._log = log
        self._observe = observe
        self._keyings = Keyings(kinds, preparation.composition, sources)
        self._decider = Decider(self._keyings, preparation.original, preparation.may_rerun)
        self._scheduler = Scheduler(preparation.composition, preparation.args, preparation.start)
        self._slots = Slots(usual_limits(concurrency(preparation.experience, wanted_concurrency), cores()))
        self._executor = Executor(kinds, secrets, self._report, self._decider.changed, self._decider.produced)
        self._considered: deque[Task] = deque()
        self._in_doubt: dict[Task, Ambiguity] = {}
        self._looking: dict[Task, asyncio.Task[None]] = {}
        self._decisions: dict[Task, Decision] = {}
        self._names = InputNames()
        self._running: dict[Task, _Execution] = {}
        self._due: deque[Callable[[], None]] = deque()
        self._unseen: deque[Record] = deque()
        self._woken = asyncio.Event()
        self._groups_began: dict[tuple[str, tuple[Scope, ...]], float] = {}
        self._timers = Timers(self._happened)
        self._stop_reasons: dict[Task, str] = {}
        self._abandoned = False
        self._finish: Finish | None = None

    async def drive(self) -> RunFinished:
        """Run to the end. Raises LogWriteError; then nothing more is started, and all that ran has ended."""
        began = time.monotonic()
        self._begin_log()
        for warning in outside_warnings(self._preparation.composition):
            self._record(RunWarning(message=warning))
        try:
            self._carry_out(self._scheduler.begin())
            while self._finish is None:
                await self._step()
        finally:
            self._timers.cancel()
            await self._end_executions()
            self._show()
        original = self._preparation.original
        finished = run_finished(self._finish, self.view, original, self._scheduler.board, _since(began))
        self._record(finished)
        self._log.sync()
        self._show()
        return finished

    def _begin_log(self) -> None:
        """The first line, once the texts that a later plan compares with are kept."""
        first = run_started(self._log.run_id, self._preparation, self._keyings)
        for text in texts_of(self._preparation, first.files):
            self._log.keep(text)
        self._record(first)

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
        self._soon(partial(self._give_up, reason))

    def _give_up(self, reason: str) -> None:
        for task, execution in list(self._running.items()):
            self._end(task, cancelled(task, reason, execution.attempt_id))

    async def _step(self) -> None:
        self._catch_up()
        self._consider()
        self._launch()
        await asyncio.sleep(0)  # what was launched gets to its worker before anything else is done
        self._show()
        self._keyings.prepare_ahead()
        if self._considered or self._finish is not None or self._due:
            return
        if self._in_doubt and self._is_idle():
            names = dict.fromkeys(task.node.id for task in self._in_doubt)
            self._carry_out(self._scheduler.wait(f"someone must say whether {', '.join(names)} may run again"))
        else:
            await self._woken.wait()
            self._woken.clear()

    def _show(self) -> None:
        """Let everyone see what was written; while nodes work, since a node should not wait for it."""
        while self._unseen:
            record = self._unseen.popleft()
            self.view.apply(record)
            self._observe(record)

    def _is_idle(self) -> bool:
        """Whether nothing is going on, nor will be unless someone does something."""
        return not (self._running or self._looking or self._due or self._timers.will_ring(TryAgain))

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
            looking = self._decider.look_first(task)
            if looking is not None:
                self._looking[task] = asyncio.create_task(looking)
                self._looking[task].add_done_callback(partial(self._looked, task))
                continue
            decision = self._decided(task)
            if decision.restored is not None:
                self._end(task, restored(task, decision, decision.restored, self._received(task)))
            elif decision.answer is Answer.SKIPPED:
                self._end(task, cancelled(task, "; ".join(decision.reasons)))
            elif decision.ambiguity is None:
                self._decisions[task] = decision
                self._slots.add(task)
            elif decision.ambiguity.rule is OnAmbiguous.FAIL:
                self._end(task, in_doubt(task, decision.ambiguity))
            else:
                self._in_doubt[task] = decision.ambiguity  # what does not wait for it goes on

    def _decided(self, task: Task) -> Decision:
        preparation = self._preparation
        made = self._decider.decide(task)
        return preparation.wishes.applied(made, preparation.original, task.node.id, task.scope)

    def _looked(self, task: Task, looking: asyncio.Task[None]) -> None:
        """What a decision had to wait for is there."""

        def consider() -> None:
            if self._looking.pop(task, None) is not None:  # else it was stopped meanwhile
                looking.result()
                self._considered.append(task)

        self._soon(consider)

    def _launch(self) -> None:
        """Start what has a slot, once everything that it may build on is durable."""
        tasks = [(task, new_attempt_id()) for task in self._slots.take()]
        if not tasks:
            return
        for task, attempt_id in tasks:
            for warning in task.warnings:
                self._record(NodeWarning(node_id=task.node.id, scope=task.scope, message=warning))
            self._record(started(task, self._decisions[task], attempt_id, self._received(task)))
        self._log.sync()
        for task, attempt_id in tasks:
            key = self._decisions.pop(task).key
            assert key is not None  # nothing that it was decided from was unknown
            future = asyncio.create_task(self._executor.execute(task, attempt_id, key))
            future.add_done_callback(partial(self._executed, task, attempt_id))
            self._running[task] = _Execution(attempt_id, future)

    def _executed(self, task: Task, attempt_id: str, future: asyncio.Task[TaskEnd]) -> None:
        """An execution is over. A callback, since one that is cancelled before it begins runs no line of its own."""
        if self._abandoned:
            return
        reason = self._stop_reasons.pop(task, None)
        if not future.cancelled():
            self._soon(lambda: self._end(task, future.result()))
        elif reason is not None:
            self._soon(partial(self._end, task, cancelled(task, reason, attempt_id)))
        else:
            self._soon(partial(self._end, task, broke_off(task, attempt_id)))

    def _end(self, task: Task, end: TaskEnd) -> None:
        began = self._running.pop(task, None) is not None
        self._decider.forget(task)
        if began:
            self._slots.release(task)
        if began or task.item is None or not isinstance(end, NodeCancelled) or end.started_in is not None:
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
                self._timers.after(command.timeout_ms, TimeOver(command))
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
        self._timers.after(wait_ms, TryAgain(command))

    def _happened(self, event: Happening) -> None:
        self._soon(lambda: self._carry_out(self._scheduler.handle(event)))

    def _stop(self, stop: StopAll) -> None:
        """Let everything within the stop's scope end as cancelled."""
        depth = len(stop.scope)

        def within(task: Task) -> bool:
            return task.scope[:depth] == stop.scope

        looking = [task for task in self._looking if within(task)]
        waiting = [*looking, *filter(within, self._considered), *self._slots.drain(within)]
        for task in looking:
            self._looking.pop(task).cancel()
        self._considered = deque(task for task in self._considered if not within(task))
        for task in waiting:
            self._soon(partial(self._end, task, cancelled(task, stop.reason)))
        for task in [*filter(within, self._in_doubt)]:
            self._soon(partial(self._end, task, unanswered(task, self._in_doubt.pop(task))))
        for task, execution in self._running.items():
            if within(task) and task not in self._stop_reasons:  # what is being stopped is left to stop in peace
                self._stop_reasons[task] = stop.reason
                execution.future.cancel()

    async def _end_executions(self) -> None:
        """Let what still runs, when the run itself broke off, stop what it started."""
        futures: list[asyncio.Task[Any]] = [execution.future for execution in self._running.values()]
        futures += self._looking.values()
        for future in futures:
            future.cancel()
        if futures:
            await asyncio.wait(futures, timeout=_GRACE_SECONDS)

    def _report(self, event: Event) -> None:
        """Record what an execution tells. That the log is broken is not its error: it ends the run."""
        try:
            self._record(event)
        except LogWriteError as error:
            self._soon(partial(_raise, error))

    def _received(self, task: Task) -> Input:
        """What `task` receives, as the next line of the log says it."""
        return self._names.named(self._log.next_seq, received(task))

    def _record(self, event: Event) -> None:
        record = self._log.append(event)
        self._names.learn(record.seq, event)
        self._unseen.append(record)


def _raise(error: Exception) -> None:
    raise error


def _since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 3)
