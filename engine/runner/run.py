"""Carries out a run: takes the scheduler's commands, restores or executes tasks, until the end."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from engine.cache.keys.input_parts import InputHashers
from engine.cache.keys.secret_parts import SecretParts
from engine.cache.keys.sources import Sources
from engine.collector import paused_collector
from engine.expressions import Json
from engine.log.events.events import Event, NodeCancelled, NodeWarning, Record, RunFinished, RunWarning
from engine.log.reading.view import RunView
from engine.log.writing.run_order import FILE, RunOrder
from engine.log.writing.writer import LogWriteError, LogWriter
from engine.nodes.processes.environment import cores
from engine.nodes.registry import Kinds
from engine.runner.deciding import Decider
from engine.runner.events_from_run import limit_warning, run_finished, started
from engine.runner.execution import Executor, new_attempt_id, retry_wait_ms
from engine.runner.journal import Journal, since
from engine.runner.load_nested import NestedFinder
from engine.runner.prepare import Preparation, concurrency, make_scheduler
from engine.runner.run_budget import BUDGET, RunBudget
from engine.runner.task_ends import broke_off, cancelled, end_without_running, end_without_start
from engine.runner.task_states import TaskRecord, TaskState, TaskTable
from engine.runner.timers import Timers
from engine.scheduler.slots import Slots, usual_limits
from engine.scheduler.tasks import (
    Command,
    Consider,
    FailRun,
    Finish,
    Limit,
    SchedulerEvent,
    StopAll,
    Task,
    TaskEnd,
    TimeOver,
    TryAgain,
    TryLater,
    Unknown,
)

_GRACE_SECONDS = 10.0
"""How long executions may take to stop after the run broke off."""

_BUSY_SECONDS = 0.01
"""How long decisions may occupy the loop before signals and workers get a turn."""


class Run:
    """One run of a prepared experience. Create it on the event loop that it runs on.

    `drive` it once; `cancel`, `stop` and `abandon` may be called while it goes on. `on_budget_reached` is called when
    its budget is reached: it stops the run.
    """

    def __init__(
        self,
        preparation: Preparation,
        kinds: Kinds,
        log: LogWriter,
        order: RunOrder,
        observe: Callable[[Record], None],
        sources: Sources,
        budget: RunBudget,
        wanted_concurrency: int | None = None,
    ) -> None:
        self.on_budget_reached: Callable[[], None] = partial(self.stop, BUDGET)
        self._preparation = preparation
        self._budget = budget
        self._order = order
        self._journal = Journal(log, observe)
        self._secret_parts = SecretParts(preparation.found.secrets)
        self._hashers = InputHashers(kinds, preparation.composition, sources, self._secret_parts)
        self._fingerprints = sources.fingerprints
        self._decider = Decider(self._hashers, preparation.original, preparation.may_rerun, preparation.overrides)
        self._asked_concurrency = wanted_concurrency or preparation.experience.concurrency
        finder, hash_of = NestedFinder(preparation.found, self._journal.warn), self._secret_parts.hash
        self._scheduler = make_scheduler(preparation, finder, hash_of)
        self._limits = usual_limits(concurrency(preparation.experience, wanted_concurrency), cores())
        self._slots = Slots(self._limits)
        self._tasks = TaskTable(self._slots)
        decider = self._decider
        self._executor = Executor(
            kinds, preparation.found.secrets, self._report, decider.changed, decider.produced, decider.digests
        )
        self._inbox: deque[Callable[[], None]] = deque()
        self._loop = asyncio.get_running_loop()
        self._will_step = False
        self._finish: asyncio.Future[Finish] = self._loop.create_future()
        self._timers = Timers(self._handle)
        self._abandoned = False

    async def drive(self) -> RunFinished:
        """Run to the end. Raises LogWriteError; then nothing more starts, and every execution has ended."""
        began = time.monotonic()
        self._journal.begin(self._preparation, self._hashers, self._order.began, self._budget.before, self._limits)
        self._budget.begin(self.on_budget_reached, lambda said: self._report(RunWarning(message=said)))
        self._enqueue(lambda: self._carry_out(self._scheduler.begin()))
        self._loop.call_soon(self._prepare_ahead)  # the first node's process takes longer to start
        try:
            finish = await self._finish
        finally:
            self._timers.cancel()
            self._budget.close()
            await self._end_executions()
            self._journal.show()
        if self._secret_parts.problem is not None:
            self._journal.warn(self._secret_parts.problem)
        kept = self._journal.kept_writes(self._scheduler.results, self._preparation.found.secrets)
        original = self._preparation.original
        reached = self._budget.reached if finish.reason == BUDGET else None
        finished = run_finished(finish, self.view, original, kept, since(began), self._end_order(), reached)
        self._journal.record(finished)
        self._journal.sync()
        self._journal.show()
        return finished

    def _end_order(self) -> int:
        """The place of the run's end in the order of runs; that of its start if the counter cannot be written."""
        try:
            return self._order.end()
        except OSError as error:
            message = f"{error.strerror}: {FILE} cannot be written, so this run counts as ended when it began"
            self._journal.warn(message)
            return self._order.began.order

    @property
    def view(self) -> RunView:
        """The fold of the events shown so far."""
        return self._journal.view

    @property
    def final_state(self) -> dict[str, Json]:
        """The state after the results so far."""
        return self._scheduler.results.final_state()

    def cancel(self, reason: str) -> None:
        """End the run: start nothing more, stop what runs and wait for it."""
        self._enqueue(partial(self._cancel, reason))

    def stop(self, reason: str) -> None:
        """As `cancel`, if no person asked for it."""
        self._enqueue(lambda: self._carry_out(self._scheduler.cancel(reason)))

    def abandon(self, reason: str) -> None:
        """End the run now, without waiting for executions: their processes end with this one."""
        self.cancel(reason)
        self._abandoned = True
        self._enqueue(partial(self._give_up, reason))

    def _cancel(self, reason: str) -> None:
        commands = self._scheduler.cancel(reason)
        running = self._tasks.running
        if commands and running:
            names = _names(running)
            self._journal.warn(f"{reason}; stopping {names} (ask again to end at once)")
        self._carry_out(commands)

    def _give_up(self, reason: str) -> None:
        for record in self._tasks.running:
            self._end(record.task, cancelled(record.task, reason, record.attempt_id))

    def _step(self) -> None:
        """Go on as far as possible. Not a coroutine, since each turn of the loop delays a node."""
        self._will_step = False
        if self._finish.done():
            return
        try:
            self._catch_up()
            self._decide()
            self._launch()
            in_doubt = self._tasks.records(TaskState.IN_DOUBT)
            if in_doubt and self._is_idle():
                self._carry_out(self._scheduler.wait(f"someone must say whether {_names(in_doubt)} may run again"))
        except Exception as error:  # noqa: BLE001 - `drive` raises it
            self._break_off(error)
        if self._tasks.any(TaskState.WANTED):
            self._step_soon()
        self._loop.call_soon(self._show_events)

    def _show_events(self) -> None:
        """Show events once the launched nodes are at work."""
        try:
            self._journal.show()
        except Exception as error:  # noqa: BLE001 - as above
            self._break_off(error)

    def _prepare_ahead(self) -> None:
        """Hash what is left to hash, one node a turn, so that other events are not delayed."""
        if self._hashers.prepare_ahead() and not self._finish.done():
            self._loop.call_soon(self._prepare_ahead)

    def _break_off(self, error: Exception) -> None:
        if not self._finish.done():
            self._finish.set_exception(error)

    def _is_idle(self) -> bool:
        """Whether nothing goes on, nor will unless somebody does something."""
        if self._finish.done() or self._inbox or self._timers.will_ring(TryAgain):
            return False
        return not self._tasks.any(TaskState.WANTED, TaskState.INSPECTING, TaskState.RUNNING, TaskState.STOPPING)

    def _catch_up(self) -> None:
        """Handle what happened since the last step: here, a log that cannot be written ends the run."""
        while self._inbox:
            self._inbox.popleft()()

    def _enqueue(self, happen: Callable[[], None], *, at_once: bool = False) -> None:
        """Handle `happen` in the next step. `at_once`: step now, since nothing can come that would share its sync."""
        self._inbox.append(happen)
        if at_once and not self._will_step:
            self._step()
        else:
            self._step_soon()

    def _step_soon(self) -> None:
        if not self._will_step:
            self._will_step = True
            self._loop.call_soon(self._step)

    def _decide(self) -> None:
        """Restore what can be restored; let the rest wait for a slot."""
        until = time.monotonic() + _BUSY_SECONDS
        with self._fingerprints.moment(), paused_collector():
            while time.monotonic() < until and (task := self._tasks.first_wanted()) is not None:
                self._decide_about(task)

    def _decide_about(self, task: Task) -> None:
        finding = self._decider.look_first(task)
        if finding is not None:
            future = asyncio.create_task(finding)
            self._tasks.inspect(task, future)
            future.add_done_callback(partial(self._inspected, task))
            return
        decision = self._decider.decide(task)
        end = end_without_running(task, decision, self._journal.received)
        if end is not None:
            self._end(task, end)
        elif decision.ambiguity is not None:
            self._tasks.doubt(task, decision)  # what does not depend on it goes on
        else:
            self._tasks.wait(task, decision)

    def _inspected(self, task: Task, finding: asyncio.Task[None]) -> None:
        """The settings that the decision about `task` had to wait for were found."""

        def want() -> None:
            if self._tasks.state(task) is TaskState.INSPECTING:  # it was not stopped meanwhile
                finding.result()
                self._tasks.want(task)

        self._enqueue(want)

    def _launch(self) -> None:
        """Start the tasks that got a slot, once everything that they may build on is durable."""
        if self._tasks.any(TaskState.WAITING) and not self._budget.has_time():
            return
        started_now = self._tasks.start(new_attempt_id)
        if not started_now:
            return
        for warning in self._limit_warnings():
            self._journal.record(warning)
        for record in started_now:
            task = record.task
            for message in task.warnings:
                self._journal.record(NodeWarning(node_id=task.node.id, scope=task.scope, message=message))
            self._journal.record(started(record, self._journal.received(task)))
        self._journal.sync()
        for record in started_now:
            self._execute(record)

    def _limit_warnings(self) -> Iterator[NodeWarning]:
        """One warning per limit that holds back a task although the user asked for more."""
        for held in self._slots.held_back():
            message = limit_warning(held, self._asked_concurrency)
            if message is not None:
                scope = held.task.scope if held.task.item is None else held.task.scope[:-1]
                yield NodeWarning(node_id=held.task.node.id, scope=scope, message=message)

    def _execute(self, record: TaskRecord) -> None:
        assert record.decision is not None
        assert record.decision.key is not None  # nothing that it was decided from was unknown
        assert record.attempt_id is not None
        executing = self._executor.execute(record.task, record.attempt_id, record.decision.key)
        record.future = asyncio.create_task(executing)
        record.future.add_done_callback(partial(self._executed, record))

    def _executed(self, record: TaskRecord, future: asyncio.Task[TaskEnd]) -> None:
        """Handle the end of an execution. A callback, since one cancelled before it begins runs no line of its own."""
        if self._abandoned:
            return
        task = record.task
        if not future.cancelled():
            self._enqueue(lambda: self._end(task, future.result()), at_once=len(self._tasks.running) == 1)
        elif record.stop_reason is not None:
            self._enqueue(partial(self._end, task, cancelled(task, record.stop_reason, record.attempt_id)))
        else:
            self._enqueue(partial(self._end, task, broke_off(task, record.attempt_id)))

    def _end(self, task: Task, end: TaskEnd) -> None:
        record = self._tasks.end(task)
        self._decider.forget(task)
        began = record.attempt_id is not None
        if began or task.item is None or not isinstance(end, NodeCancelled) or end.started_in is not None:
            self._journal.record(end)  # thousands of items that never began would swamp the log
        self._carry_out(self._scheduler.handle(end))

    def _carry_out(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, Consider):
                self._tasks.want(command.task)
            elif isinstance(command, Finish):
                self._finish.set_result(command)
            elif isinstance(command, StopAll):
                self._stop(command)
            elif isinstance(command, Limit):
                self._timers.after(command.timeout_ms, TimeOver(command))
            elif isinstance(command, TryLater):
                wait_ms = retry_wait_ms(command.node.on_error, command.attempt)
                self._journal.record_attempt(command, wait_ms)
                self._timers.after(wait_ms, TryAgain(command))
            elif not isinstance(command, (FailRun, Unknown)):  # which no run sees
                self._journal.record_command(command)

    def _handle(self, event: SchedulerEvent) -> None:
        self._enqueue(lambda: self._carry_out(self._scheduler.handle(event)))

    def _stop(self, stop: StopAll) -> None:
        """Cancel everything within the scope of `stop`."""
        depth = len(stop.scope)

        def within(task: Task) -> bool:
            return task.scope[:depth] == stop.scope

        for record in self._tasks.stop(within, stop.reason):
            self._enqueue(partial(self._end, record.task, end_without_start(record, stop.reason)))

    async def _end_executions(self) -> None:
        """After the run broke off, let executions stop what they started."""
        futures = [record.future for record in self._tasks.records(*TaskState) if record.future is not None]
        for future in futures:
            future.cancel()
        if futures:
            await asyncio.wait(futures, timeout=_GRACE_SECONDS)

    def _report(self, event: Event) -> None:
        """Record an event of an execution. A broken log is not its error: it ends the run."""
        try:
            self._journal.record(event)
        except LogWriteError as error:
            self._enqueue(partial(_raise, error))


def _names(records: Iterable[TaskRecord]) -> str:
    return ", ".join(dict.fromkeys(record.task.node.id for record in records))


def _raise(error: Exception) -> None:
    raise error
