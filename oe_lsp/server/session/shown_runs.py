"""Keeps the run that each open experience shows, and its plan for the text as it is typed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from msgspec.structs import replace

from engine.experience.model import Kind
from engine.log.events.events import Record
from engine.log.reading.index_file import Stamp, stamp_of
from engine.log.storage.run_store import RunStore
from engine.owned_tasks import OwnedTasks
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.runs.planned_run import PlannedRun
from oe_lsp.ide.runs.shown_run import ShownRun
from oe_lsp.runs.follow import FollowedRun
from oe_lsp.runs.planner import Planner
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.session.runs import Runs
from oe_lsp.server.transport.errors import RequestFailedError
from oe_lsp.server.transport.uris import path_of

log = logging.getLogger(__name__)

LATEST = "latest"
"""Show the newest run, and each new one from its start."""

MayPlan = Callable[[Path], Awaitable[bool]]
"""Whether the plan of the experience in a folder may be made: that starts its interpreters to learn their versions."""


class _Shown:
    """One open experience. `wanted` is a run id, LATEST, or None for no run."""

    def __init__(self) -> None:
        self.wanted: str | None = LATEST
        self.run: ShownRun | None = None
        self.needs: tuple[str, ...] = ()
        self.stamp: Stamp | None = None
        self.due = asyncio.Event()


class ShownRuns:
    """One task for each open experience finds its run and asks for the plan; changes meanwhile are one change."""

    def __init__(self, documents: Documents, runs: Runs, planner: Planner, may_plan: MayPlan) -> None:
        self._documents = documents
        self._runs = runs
        self._planner = planner
        self._may_plan = may_plan
        self._shown: dict[str, _Shown] = {}
        self._subscribers: list[Callable[[str], None]] = []
        self.is_running = asyncio.Event()
        """Set while one of the shown runs is running."""
        self._tasks = OwnedTasks()
        documents.subscribe(self._on_snapshot)

    def subscribe(self, subscriber: Callable[[str], None]) -> None:
        """Call `subscriber` with the URI of an experience whenever what is known of its run has changed."""
        self._subscribers.append(subscriber)

    def get(self, uri: str) -> ShownRun | None:
        """What is known of the run that an open experience shows; None where it shows none."""
        shown = self._shown.get(uri)
        return shown.run if shown is not None else None

    def needs(self, uri: str) -> tuple[str, ...]:
        """The names of what any node of an open experience needs and this machine lacks."""
        shown = self._shown.get(uri)
        return shown.needs if shown is not None else ()

    def choose(self, uri: str, wanted: str | None) -> None:
        """Show another run of an open experience, from now on: a run id, LATEST, or None for none."""
        shown = self._shown_of(uri)
        shown.wanted, shown.run = wanted, None
        shown.due.set()
        self._publish(uri)

    def close(self, uri: str) -> None:
        """Forget an experience that was closed."""
        shown = self._shown.pop(uri, None)
        if shown is not None:
            shown.due.set()

    def runs_changed(self, folder: Path) -> None:
        """The list of runs in `folder` may have changed."""
        for _, shown in self._in(folder):
            shown.due.set()

    def files_changed(self, path: Path) -> None:
        """A file that an experience may name has changed, on disk or in the editor."""
        for uri, shown in self._shown.items():
            own = path_of(uri)
            if own is not None and path.is_relative_to(own.parent):
                shown.due.set()

    def all_changed(self) -> None:
        """Any file may have changed on disk."""
        for shown in self._shown.values():
            shown.due.set()

    def run_began(self, run: FollowedRun) -> None:
        """See RunListener. Show a new run of an experience that shows its newest; an isolated one only if chosen."""
        is_isolated = run.view.started is not None and run.view.started.kind is not None
        wanted = {run.run_id} if is_isolated else {LATEST, run.run_id}
        for uri, shown in self._in(run.store.directory):
            if shown.wanted in wanted and _path_of(run) in (None, path_of(uri)):
                self._show(uri, shown, run, alive=True)

    def run_advanced(self, run: FollowedRun, record: Record) -> None:  # noqa: ARG002 - the view includes it
        """See RunListener."""
        self._update(run, alive=True)

    def run_ended(self, run: FollowedRun) -> None:
        """See RunListener."""
        self._update(run, alive=False)

    async def close_all(self) -> None:
        """Stop asking."""
        await self._tasks.close()
        await self._planner.close()

    def _update(self, run: FollowedRun, *, alive: bool) -> None:
        for uri, shown in self._in(run.store.directory):
            if shown.run is not None and shown.run.summary.run_id == run.run_id:
                self._show(uri, shown, run, alive=alive)

    def _show(self, uri: str, shown: _Shown, run: FollowedRun, *, alive: bool) -> None:
        summary = run.summary(alive=alive)
        if summary is not None:
            shown.run = ShownRun(summary, run.view)
            # A run that has only begun says nothing of its nodes. Were it published, the throttle would hold back the
            # first node.
            if run.view.seq > 0 or not alive:
                self._publish(uri)
        if not alive:
            shown.due.set()

    async def _on_snapshot(self, snapshot: Snapshot) -> None:
        self._shown_of(snapshot.uri).due.set()

    def _shown_of(self, uri: str) -> _Shown:
        shown = self._shown.get(uri)
        if shown is None:
            shown = self._shown[uri] = _Shown()
            self._tasks.spawn(self._keep(uri, shown), f"show the run of {uri}")
        return shown

    def _in(self, folder: Path) -> list[tuple[str, _Shown]]:
        return [(uri, shown) for uri, shown in self._shown.items() if (path := path_of(uri)) and path.parent == folder]

    async def _keep(self, uri: str, shown: _Shown) -> None:
        while True:
            await shown.due.wait()
            shown.due.clear()
            if self._shown.get(uri) is not shown:
                return
            try:
                await self._find(uri, shown)
                await self._plan(uri, shown)
            except Exception:  # what the text shows is not worth the end of showing it
                log.exception("the run of %s cannot be shown", uri)

    async def _find(self, uri: str, shown: _Shown) -> None:
        """Show the run that is wanted as it is now."""
        before, found, stamp = shown.run, None, None
        try:
            run_id = await self._wanted_id(uri, shown)
            if run_id is not None:
                stamp = await asyncio.to_thread(_stamp, uri, run_id)
                if _is_same(before, run_id) and stamp == shown.stamp:
                    return
                found = ShownRun(*await self._runs.read(uri, run_id))
        except RequestFailedError as error:
            log.info("no run of %s can be shown: %s", uri, error)
        if shown.run is before and found != before:  # else a run has begun meanwhile
            shown.run, shown.stamp = found, stamp
            self._publish(uri)
        elif found is not None and found == before:
            shown.stamp = stamp

    async def _wanted_id(self, uri: str, shown: _Shown) -> str | None:
        if shown.wanted != LATEST:
            return shown.wanted
        newest = await self._runs.newest_whole(uri, 1)
        return newest[0].run_id if newest else None

    async def _plan(self, uri: str, shown: _Shown) -> None:
        """Learn what a run needs, and the plan of resuming the shown run, unless it is running."""
        run, path = shown.run, path_of(uri)
        if path is None:
            return
        snapshot = await self._documents.snapshot(uri)
        refusal = None
        if not await self._may_plan(path.parent):
            refusal = "Code in this folder may not run."
        elif snapshot is None or not snapshot.analysis.ok:
            refusal = "The experience has errors."
        if refusal is not None:
            if run is not None and not run.summary.is_running:
                self._set_plan(uri, shown, run, None, refusal)
            return
        run_id = run.summary.run_id if run is not None and not run.summary.is_running else None
        if run_id is None and snapshot is not None and not _may_lack_something(snapshot):
            return
        answer = await self._planner.ask(path, run_id, self._documents.open_texts_for(uri))
        if answer.needs != shown.needs:
            shown.needs = answer.needs
            self._publish(uri)
        if run is not None and run_id is not None:
            self._set_plan(uri, shown, run, answer.plan, answer.refusal)

    def _set_plan(self, uri: str, shown: _Shown, run: ShownRun, plan: PlannedRun | None, refusal: str | None) -> None:
        """Add a plan, or why there is none, to the run if it is still shown."""
        planned = replace(run, plan=plan, refusal=refusal)
        if shown.run is run and planned != run:
            shown.run = planned
            self._publish(uri)

    def _publish(self, uri: str) -> None:
        if any(shown.run is not None and shown.run.summary.is_running for shown in self._shown.values()):
            self.is_running.set()
        else:
            self.is_running.clear()
        for subscriber in self._subscribers:
            subscriber(uri)


def _may_lack_something(snapshot: Snapshot) -> bool:
    """Whether an experience has nodes that need more than an interpreter: else nobody waits for a planner to start."""
    experience = snapshot.analysis.experience
    return experience is not None and any(node.kind is not Kind.TOOL for node in experience.nodes)


def _is_same(run: ShownRun | None, run_id: str) -> bool:
    """Whether this is the run with that id, and it was not running: then it changes only if its log does."""
    return run is not None and run.summary.run_id == run_id and not run.summary.is_running


def _stamp(uri: str, run_id: str) -> Stamp | None:
    path = path_of(uri)
    try:
        return stamp_of(RunStore(path.parent).log(run_id)) if path is not None else None
    except OSError:
        return None


def _path_of(run: FollowedRun) -> Path | None:
    """The experience.yaml of a run; None where its log names none."""
    summary = run.summary()
    return run.store.directory / summary.file_name if summary is not None and summary.file_name else None
