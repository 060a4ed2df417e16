"""The runs of one experience folder that are served: which there are, which is the newest, and their live pages."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec.structs import replace

from engine.log.events.events import RunStarted
from engine.log.reading.index import read_summaries
from engine.log.reading.runs_watch import RunsWatch
from engine.log.reading.summary import RunSummary, file_name_in
from engine.log.storage.cancel_file import cancel_requests
from engine.log.storage.run_store import RunStore
from engine.owned_tasks import OwnedTasks
from engine.page_server.live_run import LiveRun, TypedText
from engine.page_server.patch_log import PatchLog
from engine.page_server.surroundings import Surroundings
from engine.page_server.urls import newest_url, run_url
from engine.report.drawing.markup import Element, fragment

_LISTED = 50
_KEPT_PAGES = 4
"""How many pages are kept of runs that nobody is looking at."""

_LIST_PAUSE_SECONDS = 0.5


class ServedRuns:
    """The runs in `folder`. `chosen` is the run that was named; without one, pages follow the newest run."""

    def __init__(self, folder: Path, chosen: str | None, *, may_act: bool) -> None:
        folder = folder.absolute()
        self.store = RunStore(folder)
        self.chosen = chosen
        self.typed: dict[str, TypedText] = {}
        self.selected: str | None = None
        self.surroundings = Surroundings(folder, may_act=may_act)
        self.lobby = PatchLog()
        self._sent_to_lobby: dict[str, str] = {}
        self._live: OrderedDict[str, LiveRun] = OrderedDict()
        self._thread = ThreadPoolExecutor(1, "pages")
        self._folder_changed = asyncio.Event()
        self._watch = RunsWatch(self._on_change, self._is_polled)
        self._tasks = OwnedTasks()

    @property
    def may_act(self) -> bool:
        """Whether pages have buttons."""
        return self.surroundings.may_act

    async def start(self) -> None:
        """Find the runs, and watch their folder until `close`."""
        await self.look()
        self._watch.set_folders([self.store.directory])
        self._tasks.spawn(self._watch.run(), "watch runs")
        self._tasks.spawn(self._keep_looking(), "list runs")

    async def close(self) -> None:
        """Stop watching."""
        await self._tasks.close()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def home(self) -> str | None:
        """The address of the run that is followed; None if there is none yet."""
        if self.chosen is not None:
            return run_url(self.chosen)
        newest = self.surroundings.newest
        return None if newest is None else newest_url(newest)

    def live(self, run_id: str) -> LiveRun | None:
        """The page of a run; None if there is no such run, and never was while it is kept."""
        if run_id not in self._live and not self.store.log(run_id).is_file():
            return None
        run = self._live.pop(run_id, None)
        if run is None:

            def around(summary: RunSummary | None, notice: str) -> list[Element]:
                return self._around(run_id, summary, notice)

            run = LiveRun(self.store, run_id, self._thread, around, self._typed_for, self._folder_changed.set)
        self._live[run_id] = run
        for other in list(self._live)[:-_KEPT_PAGES]:
            if not self._live[other].is_followed:
                del self._live[other]
        return run

    def is_listed(self, run_id: str) -> bool:
        """Whether the list has the run, and so knows which one is newer."""
        return any(run.run_id == run_id for run in self.surroundings.runs)

    def around_nothing(self) -> list[Element]:
        """What stands around a page that shows no run, or two."""
        return self.surroundings.elements(None, None, "")

    def changed(self) -> None:
        """Something that pages say besides their log has changed."""
        for run in self._live.values():
            run.look_again()
        made = {each.get("id") or "": fragment(each) for each in self.around_nothing()}
        self.lobby.put({id_: html for id_, html in made.items() if self._sent_to_lobby.get(id_) != html})
        self._sent_to_lobby = made

    def allow(self, *, may_act: bool) -> None:
        """Give pages buttons, or take them away."""
        if may_act != self.may_act:
            self._surround(replace(self.surroundings, may_act=may_act))

    def show_text(self, file_name: str, typed: TypedText | None) -> None:
        """Draw the graphs of an experience's runs from a text that is being typed; None: from its file again."""
        if typed is None:
            self.typed.pop(file_name, None)
        else:
            self.typed[file_name] = typed
        for run in self._live.values():
            run.look_again()

    def select(self, node_id: str | None) -> None:
        """Tell all pages which node is selected in the editor."""
        self.selected = node_id
        for patches in (self.lobby, *(run.patches for run in self._live.values())):
            patches.put({})

    def _typed_for(self, started: RunStarted) -> TypedText | None:
        experience = started.experience
        return None if experience is None else self.typed.get(file_name_in(experience.path))

    def _around(self, run_id: str, summary: RunSummary | None, notice: str) -> list[Element]:
        is_cancelled = summary is not None and summary.is_running and self._is_cancelled(run_id)
        return self.surroundings.elements(run_id, summary, notice, is_cancelled=is_cancelled)

    def _is_cancelled(self, run_id: str) -> bool:
        file = self.store.cancel(run_id)
        return file.exists() and cancel_requests(file) > 0

    def _is_polled(self, run_id: str) -> bool:
        run = self._live.get(run_id)
        return run is not None and run.is_polled

    def _on_change(self, folder: Path) -> None:  # noqa: ARG002 - there is only one
        self._folder_changed.set()
        for run in self._live.values():
            run.look_again()

    async def _keep_looking(self) -> None:
        while True:
            await self._folder_changed.wait()
            self._folder_changed.clear()
            began = time.monotonic()
            await self.look()
            await asyncio.sleep(max(_LIST_PAUSE_SECONDS, 4 * (time.monotonic() - began)))

    async def look(self) -> None:
        """Find out which runs there are."""
        with contextlib.suppress(OSError):  # the folder is gone, or cannot be read: the list stays as it is
            runs, newest = await asyncio.get_running_loop().run_in_executor(self._thread, self._find)
            self._surround(replace(self.surroundings, runs=runs, newest=newest))

    def _find(self) -> tuple[tuple[RunSummary, ...], str | None]:
        ids = self.store.run_ids()[:_LISTED]
        newest = next(iter(self.store.whole_run_ids()), None)
        return tuple(read_summaries(self.store, ids)), newest

    def _surround(self, surroundings: Surroundings) -> None:
        before, self.surroundings = self.surroundings, surroundings
        if before != surroundings:
            self.changed()
