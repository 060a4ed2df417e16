"""Runs of real experiences whose nodes are functions of this process, so that thousands of them are quick."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.cache.keys.sources import new_sources
from engine.experience.model import Kind, Node
from engine.expressions import Json
from engine.log.events.events import Output, RunFinished
from engine.log.reading.lineage_usage import lineage_usage
from engine.log.storage.run_store import RunStore
from engine.log.writing.run_order import RunOrder
from engine.log.writing.writer import LogWriter
from engine.nodes.kind import NodeKind, Outcome, Watcher, Work
from engine.nodes.registry import Kinds, Settings
from engine.runner.prepare import Preparation
from engine.runner.run import Run
from engine.runner.run_budget import RunBudget


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that ended: its id, its last event, and the state that it came to."""

    run_id: str
    finished: RunFinished
    final_state: Mapping[str, Json]


Behaviour = Callable[[Work], Output]
"""What an execution comes to. Raises NodeError."""


class InProcess:
    """A real kind as far as its files and settings go; what it executes is `behave`."""

    def __init__(self, real: NodeKind, behave: Behaviour) -> None:
        self._real = real
        self._behave = behave

    def files(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Path]:
        return self._real.files(node, given)

    def settings(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Json]:
        return self._real.settings(node, given)

    async def execute(self, work: Work, watcher: Watcher) -> Outcome:
        return Outcome(self._behave(work))

    async def close(self) -> None:
        await self._real.close()


class InProcessKinds(Kinds):
    """All kinds of an experience that nests none, each as `InProcess`."""

    def __init__(self, directory: Path, behave: Behaviour) -> None:
        super().__init__(Settings(directory))
        self._behave = behave

    def __getitem__(self, kind: Kind) -> NodeKind:
        return InProcess(super().__getitem__(kind), self._behave)


async def carry_out(preparation: Preparation, run_id: str, behave: Behaviour) -> Ended:
    """Run to the end under `run_id`, with a log as of any run."""
    store = RunStore(preparation.loaded.directory)
    store.prepare()
    log = LogWriter(store.log(run_id), run_id)
    kinds = InProcessKinds(preparation.loaded.directory, behave)
    budget = RunBudget(preparation.budget, lineage_usage(preparation.logs))
    run = Run(preparation, kinds, log, RunOrder(lambda: store), lambda _: None, new_sources({}), budget)
    try:
        finished = await run.drive()
    finally:
        log.close()
        await kinds.close()
    return Ended(run_id, finished, run.final_state)
