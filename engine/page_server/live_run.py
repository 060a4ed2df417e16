"""One run that is served: its page follows its log while somebody looks."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from typing import TypeVar

from msgspec import Struct

from engine.log.events.events import Record, RunStarted
from engine.log.reading.reader import LogTail, UnreadableLogError
from engine.log.reading.summary import RunSummary
from engine.log.storage.lock import is_held
from engine.log.storage.run_store import RunStore
from engine.owned_tasks import OwnedTasks
from engine.page_server.patch_log import PatchLog
from engine.report.drawing.diagram import Picture
from engine.report.drawing.disk_picture import picture_with_nested
from engine.report.drawing.graph_box import BoxPlan
from engine.report.drawing.markup import Element, element, fragment
from engine.report.page.graph_section import GraphSection
from engine.report.page.live_page import PAGE_ID, LivePage, Patch
from engine.report.page.page import live_page
from engine.runner.ran_experience import experience_that_ran, written_values

_Result = TypeVar("_Result")

_POLL_SECONDS = 0.05
"""How often the end of a log is read while its run goes on; else its folder is watched (docs/design.md, The served
page).
"""

_PAUSE_SECONDS = 0.1
"""The least time between two patches. One that took long is followed by a pause of four times as long."""

_GONE = "The log of this run was deleted. This is the run as it was."
_OLDER_TEXT = "Drawn from the last text without errors."
_HEADLESS = "The log of this run does not begin with a readable run.started line, so it cannot be shown."
_REPLACED = "The log of this run was replaced or cut off. This is what it holds now."


class TypedText(Struct, frozen=True):
    """An experience as it is typed in an editor: its last good graph, the hash of the text, and whether it has errors.

    The hash is that of `run.started`.
    """

    picture: Picture
    hash: str
    is_broken: bool = False


class Shown(Struct, frozen=True):
    """A run as it is now: its page, what to say of its log, and the position of a reader who sees this.

    There is no summary before the first line of its log.
    """

    summary: RunSummary | None
    main: Element
    notice: str
    position: str


class LiveRun:
    """A run and its page. `around` makes what stands beside the page, each with an id, from the summary and a notice.

    `typed` returns the text of a run's experience that is being typed, whose graph is drawn in place of its own.
    `thread` has one thread, so that nothing here happens twice at a time. `on_change` is called when somebody begins
    to follow the run, and when it ends.
    """

    def __init__(
        self,
        store: RunStore,
        run_id: str,
        thread: Executor,
        around: Callable[[RunSummary | None, str], list[Element]],
        typed: Callable[[RunStarted], TypedText | None],
        on_change: Callable[[], None],
    ) -> None:
        self.run_id = run_id
        self.patches = PatchLog()
        self._store = store
        self._log = store.log(run_id)
        self._thread = thread
        self._around = around
        self._typed = typed
        self._on_change = on_change
        self._was_running: bool | None = None
        self._sent_around: dict[str, str] = {}
        self._tail = LogTail(self._log)
        self._page: LivePage | None = None
        self._own_picture: Picture | None = None
        self._notice = ""
        self._problem = ""
        self._is_dirty = False
        self._news = asyncio.Event()
        self._readers = 0
        self._tasks = OwnedTasks()

    @property
    def is_polled(self) -> bool:
        """Whether the log is being read all the time, so that nobody needs to tell of its changes."""
        return self._readers > 0 and self._is_running

    @property
    def is_followed(self) -> bool:
        """Whether anybody is looking."""
        return self._readers > 0

    def look_again(self) -> None:
        """The log, or what stands around the page, may have changed."""
        self._is_dirty = True
        self._news.set()

    async def shown(self) -> Shown:
        """The whole page as it is now."""
        return await self._in_thread(self._show)

    async def everything(self) -> Patch:
        """The whole page as a patch, for a reader who has seen another edition of it."""
        return await self._in_thread(self._everything)

    async def planned_graph(self, plan: Mapping[str, BoxPlan]) -> Element | None:
        """The graph with the plan of a resume drawn over it; None before the first line of the log."""
        return await self._in_thread(lambda: self._planned_graph(plan))

    def around(self, shown: Shown) -> list[Element]:
        """What stands around the page."""
        return self._around(shown.summary, shown.notice)

    @contextlib.contextmanager
    def followed(self) -> Iterator[None]:
        """Follow the log until the block ends, together with others."""
        self._readers += 1
        if self._readers == 1:
            self._tasks.spawn(self._follow(), f"follow run {self.run_id}")
        try:
            yield
        finally:
            self._readers -= 1
            self._news.set()

    async def _follow(self) -> None:
        due = 0.0
        while self._readers:
            self._news.clear()
            await self._in_thread(self._read)
            if self._is_running != self._was_running:
                self._was_running = self._is_running
                self._on_change()
            if self._is_dirty and time.monotonic() >= due:
                began = time.monotonic()
                self.patches.put(await self._in_thread(self._changes))
                ended = time.monotonic()
                due = ended + max(_PAUSE_SECONDS, 4 * (ended - began))
            if self._is_dirty:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                continue
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._news.wait(), _POLL_SECONDS if self._is_running else None)

    async def _in_thread(self, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # From here on, in a thread, one at a time.

    def _show(self) -> Shown:
        self._read()
        self._draw()
        summary = self._page.run.summary if self._page is not None else None
        main = self._page.main() if self._page is not None else self._empty_page()
        return Shown(summary, main, self._said(), self.patches.position)

    def _planned_graph(self, plan: Mapping[str, BoxPlan]) -> Element | None:
        return GraphSection(self._page.run, plan).whole() if self._page is not None else None

    def _everything(self) -> Patch:
        shown = self._show()
        elements = [*self.around(shown), shown.main]
        return Patch(0, {each.get("id") or "": fragment(each) for each in elements})

    def _read(self) -> None:
        """Add what is new in the log, and start over where it is another one."""
        # Before reading, so that the last lines of an engine that has just died are read.
        alive = is_held(self._store.lock(self.run_id))
        try:
            if self._tail.was_replaced():
                self._start_over()
            self._add(list(self._tail.poll()))
            self._say(self._notice if self._notice == _REPLACED else "")
        except FileNotFoundError:
            self._say(_GONE if self._page is not None else "")
        except (UnreadableLogError, OSError) as error:
            self._fail(str(error))
        if self._page is not None and self._page.run.alive != alive:
            self._page.run.alive = alive
            self._is_dirty = True

    def _start_over(self) -> None:
        self._tail = LogTail(self._log)
        self._page, self._problem, self._notice = None, "", _REPLACED
        self._begin_edition()

    def _add(self, records: list[Record]) -> None:
        if self._page is None and self._tail.problems:
            raise UnreadableLogError(_HEADLESS)
        if not records:
            return
        self._is_dirty = True
        if self._page is None:
            if not isinstance(records[0].event, RunStarted):
                raise UnreadableLogError(_HEADLESS)
            self._page = self._new_page(records[0].event)
        self._page.add(records)

    def _new_page(self, started: RunStarted) -> LivePage:
        self._begin_edition()
        loaded = experience_that_ran(self._log, started)
        self._own_picture = picture_with_nested(loaded) if loaded is not None else None
        written = written_values(loaded) if loaded is not None else ()
        return live_page(self._own_picture, written, self._store.blobs.read)

    def _begin_edition(self) -> None:
        self.patches.start_over()
        self._sent_around.clear()
        self._is_dirty = True

    def _fail(self, problem: str) -> None:
        """The log cannot be read, or not any further."""
        if self._page is not None:
            self._say(problem)
        elif problem != self._problem:
            self._problem = problem
            self._begin_edition()

    def _say(self, notice: str) -> None:
        if notice != self._notice:
            self._notice = notice
            self._is_dirty = True

    def _changes(self) -> dict[str, str]:
        """The HTML of what differs from what was sent, by id."""
        self._is_dirty = False
        if self._page is None:
            return self._new_around(None)
        self._draw()
        patch = self._page.patch()
        return {**(patch.elements if patch is not None else {}), **self._new_around(self._page.run.summary)}

    def _new_around(self, summary: RunSummary | None) -> dict[str, str]:
        made = {each.get("id") or "": fragment(each) for each in self._around(summary, self._said())}
        new = {id_: html for id_, html in made.items() if self._sent_around.get(id_) != html}
        self._sent_around.update(new)
        return new

    def _draw(self) -> None:
        """Let the page draw the graph of the text that is being typed, if there is one."""
        typed = self._typed_text()
        drawn = self._own_picture if typed is None else typed.picture
        note = _OLDER_TEXT if typed is not None and typed.is_broken else None
        if self._page is not None and (drawn, note) != (self._page.run.drawn, self._page.run.graph_note):
            self._page.run.drawn, self._page.run.graph_note = drawn, note
            self._page.changed_outside_the_log()

    def _typed_text(self) -> TypedText | None:
        started = self._page.run.history.started if self._page is not None else None
        return None if started is None else self._typed(started)

    def _said(self) -> str:
        """What to say of the log, and of the text that the graph is drawn from."""
        typed = self._typed_text()
        if typed is None or self._page is None or self._page.run.history.started is None:
            return self._notice
        of_text = ""
        if typed.is_broken:
            of_text = "The text in the editor has errors: the graph is that of the last text without."
        elif typed.hash != self._page.run.history.started.spec_hash:
            of_text = "The graph is that of the text in the editor, which is not the one that ran."
        return " ".join(filter(None, (self._notice, of_text)))

    def _empty_page(self) -> Element:
        text = self._problem or f"Nothing is in the log of run {self.run_id[:8]} yet."
        return element("main", element("p", text, class_="note"), id=PAGE_ID)

    @property
    def _is_running(self) -> bool:
        page = self._page
        return page is not None and page.run.alive and page.run.view.finished is None
