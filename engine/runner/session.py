"""Opens what a run needs (folders, lock, log, node kinds, cancellation), carries it out, and closes everything."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from engine.cache.keys.fingerprint_store import keep, recall
from engine.cache.keys.sources import new_sources
from engine.collector import collect_from_now_on
from engine.experience.model import Node
from engine.expressions import Json
from engine.log.events.events import Record, RunFinished
from engine.log.reading.lineage_usage import lineage_usage
from engine.log.reading.view import RunView
from engine.log.storage.disk import DISK, Disk
from engine.log.storage.lock import RunLock
from engine.log.storage.run_store import RunStore
from engine.log.writing.attempt_outputs import Outputs, output_folder
from engine.log.writing.run_order import RunOrder
from engine.log.writing.writer import Clock, LogWriter, timestamp, utc_now
from engine.nodes.registry import kinds
from engine.runner.cancellation import cancellable
from engine.runner.experience_folder import held_open
from engine.runner.prepare import Preparation, RunRefusedError, make_llm
from engine.runner.run import Run
from engine.runner.run_budget import RunBudget
from engine.state.contribution import contribution_of
from engine.state.store import StateError, StateStore


class Ended(Struct, frozen=True):
    """A run that ended: its id, its last event, and its final state, as it is and as people may see it.

    `folder` is the current folder of the experience. `state_problem` says, for the user, why the run's writes are not
    in state.sqlite; they are in its log.
    """

    run_id: str
    finished: RunFinished
    final_state: Mapping[str, Json]
    shown_state: Mapping[str, Json]
    folder: Path
    state_problem: str | None = None


def new_run_id() -> str:
    """An id for a new run."""
    return str(uuid.uuid4())


async def carry_out(
    preparation: Preparation,
    run_id: str,
    observe: Callable[[Record], None],
    *,
    concurrency: int | None = None,
    python: str | None = None,
    disk: Disk = DISK,
    clock: Clock = utc_now,
) -> Ended:
    """Run to the end under `run_id`. `observe` sees every record once it is written to `disk`; `clock` gives the time
    for the log.

    Raises RunRefusedError if the run's files cannot be created, LogWriteError if the log cannot be written later.
    """
    collect_from_now_on()
    store = preparation.store
    secrets = preparation.found.secrets
    async with contextlib.AsyncExitStack() as stack:
        outputs = Outputs(output_folder(store, run_id), secrets, disk)
        budget = RunBudget(preparation.budget, lineage_usage(preparation.logs))
        llm = make_llm(preparation, budget)
        node_kinds = kinds(preparation.loaded.directory, python=python, llm=llm, outputs=outputs, budget=budget)
        stack.push_async_callback(node_kinds.close)
        if preparation.original is None:  # a resume may have nothing to run
            await node_kinds.start_ahead(_first_nodes(preparation))
        try:
            store.prepare(disk)
            lock = RunLock(store.lock(run_id), timestamp(clock()), disk)
            stack.callback(lock.release)
            folder = stack.enter_context(held_open(preparation.loaded.directory))
            order = RunOrder(lambda: RunStore(folder.now()), disk, clock)
            log = LogWriter(store.log(run_id), run_id, secrets, clock=clock, disk=disk)
        except (FileExistsError, BlockingIOError) as error:
            if store.runs.is_dir():
                raise RunRefusedError(f"there is a run {run_id} already") from error
            raise RunRefusedError(f"the run's log cannot be written in {store.runs}: {error.strerror}") from error
        except OSError as error:
            raise RunRefusedError(f"the run's log cannot be written in {store.runs}: {error.strerror}") from error
        stack.callback(log.close)
        sources = new_sources(recall(store.data))
        stack.callback(lambda: keep(store.data, sources.fingerprints.to_remember()))
        run = Run(preparation, node_kinds, log, order, observe, sources, budget, concurrency)
        async with cancellable(run, store.cancel(run_id)):
            finished = await run.drive()
            merging = asyncio.to_thread(_merge_state, RunStore(folder.now()), run.view)
            state_problem, _ = await asyncio.gather(merging, node_kinds.close())
        state = run.final_state
        return Ended(run_id, finished, state, secrets.masked_value(state), folder.now(), state_problem)


def _first_nodes(preparation: Preparation) -> Iterator[Node]:
    """The nodes that wait for no other; of an isolated run, its node."""
    if preparation.isolated is not None:
        return iter((preparation.isolated.target[-1].node,))
    waits = preparation.composition.graph.waits
    return (node for node in preparation.experience.nodes if not waits.get(node.id, True))


def _merge_state(store: RunStore, view: RunView) -> str | None:
    """Merge the run's logged writes into state.sqlite; return why that failed, if it did."""
    contribution = contribution_of(view, store.blobs.read)
    if contribution is None:  # an isolated run
        return None
    try:
        StateStore(store.data).merge(contribution)
    except StateError as error:
        hint = "" if "oe state rebuild" in str(error) else "; its log has: rebuild it with `oe state rebuild`"
        return f"state.sqlite does not have what this run wrote: {error}{hint}"
    return None
