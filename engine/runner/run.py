"""A run: takes the scheduler's commands, restores or executes, writes every event, until the end."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.cache.decision import Decision, decide
from engine.cache.key import InputKey, Parts
from engine.cache.keying import NodeParts, execution_parts, received_parts
from engine.cache.original import Recorded, place_of
from engine.core.scheduler import Scheduler, TaskEnd
from engine.core.slots import Slots, usual_limits
from engine.core.tasks import Command, Consider, FanOutBegan, FanOutEnded, Finish, StopAll, Task
from engine.expressions import Json
from engine.log.events import Event, NodeCached, NodeCancelled, NodeStarted, NodeWarning, Record, RunFinished
from engine.log.secrets import Secrets
from engine.log.view import RunView
from engine.log.writer import LogWriter
from engine.nodes.kind import NodeKind
from engine.runner.execution import Executor, cancelled, new_attempt_id
from engine.runner.narration import fanout_ended, run_finished, run_started, vertex_event
from engine.runner.preparation import Preparation, concurrency, cores, make_keying
from engine.spec.model import Kind

_BUSY_SECONDS = 0.01
"""How long restoring may keep the loop before signals and workers are heard again."""


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all executions of one vertex have in common."""

    node: NodeParts
    received: Parts


@dataclass(frozen=True, slots=True)
class _Execution:
    attempt_id: str
    future: asyncio.Task[None]


class Run:
    """One run of one prepared experience. `drive` it once; `cancel` and `abandon` may be called while it goes on."""

    def __init__(
        self,
        preparation: Preparation,
        kinds: Mapping[Kind, NodeKind],
        log: LogWriter,
        observe: Callable[[Record], None],
        secrets: Secrets,
        wanted_concurrency: int | None = None,
    ) -> None:
        self.view = RunView()
        self._preparation = preparation
        self._log = log
        self._observe = observe
        self._keying = make_keying(preparation, kinds)
        self._scheduler = Scheduler(preparation.experience, preparation.graph, preparation.args, preparation.start)
        self._slots = Slots(usual_limits(concurrency(preparation.experience, wanted_concurrency), cores()))
        self._executor = Executor(
            board=self._scheduler.board,
            fields={field.name: field for field in preparation.experience.fields},
            kinds=kinds,
            run_args=preparation.args,
            secrets=secrets,
            record=self._record,
            changed=lambda task: self._keying.changed_since(self._shared[task.node.id].node),
        )
        self._considered: deque[Task] = deque()
        self._shared: dict[str, _Shared] = {}
        self._keys: dict[Task, InputKey] = {}
        self._running: dict[Task, _Execution] = {}
        self._ended: deque[tuple[Task, TaskEnd]] = deque()
        self._woken = asyncio.Event()
        self._fanouts_began: dict[str, float] = {}
        self._stop_reason = ""
        self._abandoned = False
        self._finish: Finish | None = None

    async def drive(self) -> RunFinished:
        """Run to the end. Raises OSError where the log cannot be written; then nothing more is started."""
        began = time.monotonic()
        self._record(run_started(self._log.run_id, self._preparation, self._keying))
        try:
            self._carry_out(self._scheduler.begin())
            while self._finish is None:
                await self._step()
        finally:
            for execution in self._running.values():
                execution.future.cancel()
        finished = run_finished(self._finish, self.view, self._preparation.original, _since(began))
        self._record(finished)
        self._log.sync()
        return finished

    @property
    def final_state(self) -> dict[str, Json]:
        """The state as the results so far make it."""
        return self._scheduler.board.final_state()

    def cancel(self, reason: str) -> None:
        """Ask the run to end: nothing more begins, what runs is stopped and awaited."""
        self._carry_out(self._scheduler.cancel(reason))
        self._woken.set()

    def abandon(self, reason: str) -> None:
        """End now, without waiting for what runs: the processes of nodes die with this one."""
        self.cancel(reason)
        self._abandoned = True
        self._ended.extend(
            (task, cancelled(task, reason, running.attempt_id)) for task, running in self._running.items()
        )

    async def _step(self) -> None:
        self._consider()
        self._launch()
        if self._considered or self._finish is not None:
            await asyncio.sleep(0)
        else:
            await self._woken.wait()
        self._woken.clear()
        while self._ended:
            self._end(*self._ended.popleft())

    def _consider(self) -> None:
        """Restore what can be restored; let the rest wait for a slot."""
        until = time.monotonic() + _BUSY_SECONDS
        while self._considered and time.monotonic() < until:
            task = self._considered.popleft()
            decision = self._decide(task)
            assert decision.key is not None
            if decision.restored is not None:
                self._end(task, _restored(task, decision.key, decision.restored))
            else:
                self._keys[task] = decision.key
                self._slots.add(task)

    def _decide(self, task: Task) -> Decision:
        shared = self._shared_parts(task)
        parts = execution_parts(shared.node, shared.received, task.args, task.item)
        original = self._preparation.original if task.node.cache else None
        return decide(original, place_of(task.node.id, task.scope), parts, {})

    def _shared_parts(self, task: Task) -> _Shared:
        shared = self._shared.get(task.node.id)
        if shared is None:
            shared = _Shared(self._keying.node(task.node), received_parts(task.reads, task.edges))
            self._shared[task.node.id] = shared
        return shared

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
            future = asyncio.create_task(self._execute(task, attempt_id, self._keys.pop(task)))
            self._running[task] = _Execution(attempt_id, future)

    async def _execute(self, task: Task, attempt_id: str, key: InputKey) -> None:
        try:
            end = await self._executor.execute(task, attempt_id, key)
        except asyncio.CancelledError:
            end = cancelled(task, self._stop_reason, attempt_id)
        if not self._abandoned:
            self._ended.append((task, end))
            self._woken.set()

    def _end(self, task: Task, end: TaskEnd) -> None:
        began = self._running.pop(task, None) is not None
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
                self._stop(command.reason)
            elif isinstance(command, FanOutBegan):
                self._fanouts_began[command.node_id] = time.monotonic()
                self._record(NodeStarted(node_id=command.node_id, items=command.items))
            elif isinstance(command, FanOutEnded):
                self._record(fanout_ended(command, _since(self._fanouts_began.pop(command.node_id))))
            else:
                self._record(vertex_event(command))

    def _stop(self, reason: str) -> None:
        self._stop_reason = reason
        waiting = [*self._considered, *self._slots.drain()]
        self._considered.clear()
        self._ended.extend((task, cancelled(task, reason)) for task in waiting)
        for execution in self._running.values():
            execution.future.cancel()
        self._woken.set()

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
