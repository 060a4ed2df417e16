"""The tasks that are wanted and have not begun: looked into, decided, in doubt, waiting for a slot."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial

from engine.cache.decisions.decision import Ambiguity, Answer, Decision
from engine.cache.keys.fingerprints import Fingerprints
from engine.collector import paused_collector
from engine.experience.model import OnAmbiguous
from engine.runner.deciding import Decider
from engine.runner.events_from_run import restored
from engine.runner.execution import cancelled, in_doubt, unanswered
from engine.runner.journal import Journal
from engine.runner.prepare import Preparation
from engine.scheduler.slots import Slots
from engine.scheduler.tasks import Task, TaskEnd

_BUSY_SECONDS = 0.01
"""How long restoring may keep the loop before signals and workers are heard again."""


class Candidates:
    """Tasks come in by `add` and go out by `take`, to be started; or by `end`, where they are not to run.

    `soon` calls back when the run next looks at what happened.
    """

    def __init__(
        self,
        preparation: Preparation,
        fingerprints: Fingerprints,
        decider: Decider,
        journal: Journal,
        slots: Slots,
        end: Callable[[Task, TaskEnd], None],
        soon: Callable[[Callable[[], None]], None],
    ) -> None:
        self._preparation = preparation
        self._fingerprints = fingerprints
        self._decider = decider
        self._journal = journal
        self._slots = slots
        self._end = end
        self._soon = soon
        self._considered: deque[Task] = deque()
        self._looking: dict[Task, asyncio.Task[None]] = {}
        self._in_doubt: dict[Task, Ambiguity] = {}
        self._decisions: dict[Task, Decision] = {}

    @property
    def any_considered(self) -> bool:
        """Whether `consider` has something to do."""
        return bool(self._considered)

    @property
    def looking(self) -> tuple[asyncio.Task[None], ...]:
        """What decisions wait for at the moment."""
        return tuple(self._looking.values())

    @property
    def in_doubt(self) -> tuple[str, ...]:
        """The ids of the nodes that someone must decide about."""
        return tuple(dict.fromkeys(task.node.id for task in self._in_doubt)) if self._in_doubt else ()

    def add(self, task: Task) -> None:
        """Restore `task` or let it run, when its turn comes."""
        self._considered.append(task)

    def consider(self) -> None:
        """Restore what can be restored; let the rest wait for a slot."""
        until = time.monotonic() + _BUSY_SECONDS
        with self._fingerprints.moment(), paused_collector():
            while self._considered and time.monotonic() < until:
                task = self._considered.popleft()
                looking = self._decider.look_first(task)
                if looking is None:
                    self._settle(task)
                    continue
                self._looking[task] = asyncio.create_task(looking)
                self._looking[task].add_done_callback(partial(self._looked, task))

    def take(self) -> Iterator[tuple[Task, Decision]]:
        """The tasks that have got a slot, each with what was decided."""
        return ((task, self._decisions.pop(task)) for task in self._slots.take())

    def stop(self, within: Callable[[Task], bool], reason: str) -> None:
        """Let those that are `within` end as cancelled, soon."""
        looking = [task for task in self._looking if within(task)]
        waiting = [*looking, *filter(within, self._considered), *self._slots.drain(within)]
        for task in looking:
            self._looking.pop(task).cancel()
        self._considered = deque(task for task in self._considered if not within(task))
        for task in waiting:
            self._decisions.pop(task, None)
            self._soon(partial(self._end, task, cancelled(task, reason)))
        for task in [*filter(within, self._in_doubt)]:
            self._soon(partial(self._end, task, unanswered(task, self._in_doubt.pop(task))))

    def _settle(self, task: Task) -> None:
        preparation = self._preparation
        made = self._decider.decide(task)
        decision = preparation.wishes.applied(made, preparation.original, task.node.id, task.scope)
        if decision.restored is not None:
            self._end(task, restored(task, decision, decision.restored, self._journal.received(task)))
        elif decision.answer is Answer.SKIPPED:
            self._end(task, cancelled(task, "; ".join(decision.reasons)))
        elif decision.ambiguity is None:
            self._decisions[task] = decision
            self._slots.add(task)
        elif decision.ambiguity.rule is OnAmbiguous.FAIL:
            self._end(task, in_doubt(task, decision.ambiguity))
        else:
            self._in_doubt[task] = decision.ambiguity  # what does not wait for it goes on

    def _looked(self, task: Task, looking: asyncio.Task[None]) -> None:
        """What a decision had to wait for is there."""

        def consider() -> None:
            if self._looking.pop(task, None) is not None:  # else it was stopped meanwhile
                looking.result()
                self._considered.append(task)

        self._soon(consider)
