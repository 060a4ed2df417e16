"""A draft in a folder, its runs and resumes, and what its nodes and logs recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from engine.cache.decisions.recorded_outcomes import RecordedOutcomes
from engine.cache.plan.plan_entries import Plan
from engine.experience.load import load
from engine.log.events.events import NodeCached, NodeCompleted, NodeSkipped, Output, Record, RunStatus
from engine.log.reading.reader import read_log
from engine.log.storage.run_store import RunStore
from engine.nodes.kind import NodeError, Work
from engine.nodes.registry import kinds
from engine.runner.prepare import Preparation, make_plan, prepare_resume, prepare_run
from engine.runner.session import new_run_id
from tests.laws.drafts import Draft, received, value_of
from tests.laws.in_process import Ended, carry_out
from tests.laws.oracle import Name, unlucky


@dataclass(frozen=True, slots=True)
class Done:
    """One run of `draft`: what was executed, as its nodes say, and the rest as its log says."""

    draft: Draft
    ended: Ended
    records: tuple[Record, ...]
    executed: Counter[Name]

    @property
    def restored(self) -> Counter[Name]:
        """What was restored."""
        return Counter(
            (event.node_id, event.scope[-1].item.index if event.scope and event.scope[-1].item else None)
            for event in self._events(NodeCached)
        )

    @property
    def skips(self) -> dict[str, NodeSkipped]:
        """What was skipped."""
        return {event.node_id: event for event in self._events(NodeSkipped)}

    @property
    def parts(self) -> dict[Name, NodeCompleted]:
        """What was executed and succeeded."""
        return {
            (event.node_id, event.scope[-1].item.index if event.scope and event.scope[-1].item else None): event
            for event in self._events(NodeCompleted)
            if event.output is not None
        }

    @property
    def status(self) -> RunStatus:
        """How it ended."""
        return self.ended.finished.status

    def _events(self, type_):
        return [record.event for record in self.records if isinstance(record.event, type_)]


class World:
    """A folder with an experience; `newest` is its latest run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = RunStore(folder)
        self.newest = ""

    async def run(self, draft: Draft, broken: Collection[str] = ()) -> Done:
        """Run `draft` afresh."""
        draft.write(self.folder)
        return await self._carry_out(prepare_run(load(self.folder), {}), draft, broken)

    async def resume(self, draft: Draft, broken: Collection[str] = ()) -> tuple[Plan, RecordedOutcomes, Done]:
        """Plan the resume of the newest run as `draft` is now; then do it."""
        draft.write(self.folder)
        preparation = prepare_resume(load(self.folder), self.newest)
        assert preparation.original is not None
        planned = make_plan(preparation, kinds(self.folder))
        done = await self._carry_out(preparation, draft, broken)
        self.newest = done.ended.run_id
        return planned, preparation.original, done

    async def _carry_out(self, preparation: Preparation, draft: Draft, broken: Collection[str]) -> Done:
        executed: Counter[Name] = Counter()

        def behave(work: Work) -> Output:
            step, item = draft.step(work.node.id), work.item
            value, index = (item.value, item.index) if item else (None, None)
            executed[step.id, index] += 1
            if unlucky(step, broken, value):
                raise NodeError("test", "broken")
            made = value_of(step, received(step, work.reads, work.edges, value, index))
            return Output({step.id: [made] if step.over else made}, made)

        ended = await carry_out(preparation, new_run_id(), behave)
        log = read_log(self.store.log(ended.run_id))
        assert log.problems == ()
        return Done(draft, ended, log.records, executed)
