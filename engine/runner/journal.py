"""Writes the events of a run to its log, refers to values of earlier lines, and shows what was written."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping

from engine.cache.keys.input_parts import InputHashers
from engine.log.events.events import Event, Input, NodeAttempt, NodeStarted, Record, RunWarning, Scope, Wrote
from engine.log.reading.lineage_usage import LineageUsage
from engine.log.reading.view import RunView
from engine.log.secrets.masking import Secrets
from engine.log.values.input_names import InputNames
from engine.log.writing.run_order import Place, clock_warnings
from engine.log.writing.writer import LogWriter
from engine.runner.events_from_run import group_ended, part_event, received, run_started, texts_of
from engine.runner.execution import new_attempt_id
from engine.runner.final_writes import final_writes
from engine.runner.load_nested import outside_warnings
from engine.runner.prepare import Preparation
from engine.scheduler.slots import Limits
from engine.scheduler.state.results import Results
from engine.scheduler.tasks import Cancelled, Failed, GroupBegan, GroupEnded, Skipped, Task, TryLater, Warn


class Journal:
    """The journal of one run. Methods that write raise LogWriteError. `view` is the fold of what `observe` has seen."""

    def __init__(self, log: LogWriter, observe: Callable[[Record], None]) -> None:
        self.view = RunView()
        self._log = log
        self._observe = observe
        self._names = InputNames()
        self._unseen: deque[Record] = deque()
        self._groups_began: dict[tuple[str, tuple[Scope, ...]], float] = {}

    def begin(
        self, preparation: Preparation, hashers: InputHashers, place: Place, before: LineageUsage, limits: Limits
    ) -> None:
        """Keep the texts that a later plan compares with, then write the first line."""
        first = run_started(self._log.run_id, preparation, hashers, place.order, before, limits)
        for text in texts_of(preparation, first.files):
            self._log.keep(text)
        self.record(first)
        isolated = () if preparation.isolated is None else preparation.isolated.warnings
        warnings = (
            *clock_warnings(place),
            *isolated,
            *outside_warnings(preparation.composition),
            *preparation.found.warnings(),
        )
        for warning in warnings:
            self.warn(warning)

    def kept_writes(self, results: Results, secrets: Secrets) -> Mapping[str, Wrote] | None:
        """The run's writes to the state, by field, without those that the log masks; warns of these."""
        written = final_writes(results)
        masked = [name for name, each in written.items() if secrets.are_in(each.value)]
        if masked:
            names = ", ".join(masked)
            self.warn(f"not kept in the state, since what was written to it holds a secret: {names}")
        return {name: each for name, each in written.items() if name not in masked} or None

    def record(self, event: Event) -> None:
        """Write one event. It is durable after `sync`, and seen after `show`."""
        record = self._log.append(event)
        self._names.learn(record.seq, event)
        self._unseen.append(record)

    def warn(self, message: str) -> None:
        """Write a warning about the run as a whole."""
        self.record(RunWarning(message=message))

    def sync(self) -> None:
        """Make what was recorded durable."""
        self._log.sync()

    def show(self) -> None:
        """Show what was written. Call it while nodes work, since no node should wait for it."""
        while self._unseen:
            record = self._unseen.popleft()
            self.view.apply(record)
            self._observe(record)

    def received(self, task: Task) -> Input:
        """What `task` receives, as the next line of the log will hold it."""
        return self._names.named(self._log.next_seq, received(task))

    def record_command(self, command: GroupBegan | GroupEnded | Failed | Skipped | Cancelled | Warn) -> None:
        """Record what the scheduler reports of groups, and of vertices that are not executed."""
        group = command.node_id, command.scope
        if isinstance(command, GroupBegan):
            self._groups_began[group] = time.monotonic()
            received = command.received and self._names.named(self._log.next_seq, command.received)
            began = NodeStarted(node_id=command.node_id, scope=command.scope, items=command.parts, input=received)
            self.record(began)
        elif isinstance(command, GroupEnded):
            self.record(group_ended(command, since(self._groups_began.pop(group))))
        else:
            self.record(part_event(command))

    def record_attempt(self, command: TryLater, wait_ms: int) -> None:
        """Record a failed attempt of a node that nests an experience."""
        self.record(
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


def since(began: float) -> float:
    """Milliseconds since `began`, a value of `time.monotonic()`."""
    return round((time.monotonic() - began) * 1000, 3)
