"""Answers what clients ask about runs: the list, one run's state, its plan, and the lenses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from pathlib import Path

from lsprotocol import types

from engine.file_names import writable
from engine.log.reading.reader import UnreadableLogError
from engine.log.reading.summary import RunSummary
from engine.log.reading.view import RunView
from engine.log.storage.run_store import RunStore
from oe_lsp.ide.runs.code_lens import code_lenses
from oe_lsp.ide.runs.run_report import run_report
from oe_lsp.runs.feed import RunFeed
from oe_lsp.runs.plan import PlannedNode, PlanRefusedError, read_plan
from oe_lsp.runs.summaries import newest_runs, read_run
from oe_lsp.server.features.command_arguments import require_run_id
from oe_lsp.server.session.settings import Settings
from oe_lsp.server.transport import convert
from oe_lsp.server.transport import custom_messages as messages
from oe_lsp.server.transport.paths import path_of, uri_of
from oe_lsp.server.transport.protocol import RequestFailedError

_MOST_RUNS = 200
"""How many runs `oe/runs` returns at most."""


class RunRequests:
    """Reads logs in threads, and only those that have changed; runs that are followed are known already."""

    def __init__(self, feed: RunFeed, settings: Callable[[], Settings], text_of: Callable[[str], str | None]) -> None:
        self._feed = feed
        self._text_of = text_of
        self._settings = settings

    async def lenses(self, uri: str) -> list[types.CodeLens]:
        """The lenses of an experience; one that is no file, such as an old version in a diff, has none."""
        if path_of(uri) is None:
            return []
        limit = self._settings().lens_runs
        try:
            runs = await self._newest(uri, limit)
        except RequestFailedError:
            runs = []  # whoever clicks on what is left is told why
        return [convert.to_code_lens(lens, uri) for lens in code_lenses(runs, datetime.now(timezone.utc), limit)]

    async def runs(self, given: object) -> messages.RunsResult:
        """`oe/runs`: the latest runs of an experience, newest first. Raises JsonRpcInvalidParams."""
        params = messages.read_params(given, messages.RunsParams)
        path = path_of(params.uri)
        runs = await self._newest(params.uri, _MOST_RUNS)
        return messages.RunsResult([convert.to_run(run, _log_uri(path, run)) for run in runs])

    async def run_state(self, given: object) -> messages.RunStateResult:
        """`oe/runState`: a run's folded state. Raises RequestFailedError where its log is not there or not readable."""
        params = messages.read_params(given, messages.RunParams)
        run, view = await self._folded(params.uri, params.run_id)
        return convert.to_run_state(run, view, _log_uri(path_of(params.uri), run))

    async def inspect(self, uri: str, run_id: str) -> messages.InspectResult:
        """`oe.inspectRun`: the same, and as text. Raises as `run_state` does."""
        run, view = await self._folded(uri, run_id)
        state = convert.to_run_state(run, view, _log_uri(path_of(uri), run))
        return messages.InspectResult(state, run_report(run, view))

    async def plan(self, given: object) -> messages.PlanResult:
        """`oe/plan`: what a resume of the run would do. Raises RequestFailedError with the engine's own words."""
        params = messages.read_params(given, messages.RunParams)
        path = path_of(params.uri)
        if path is None:
            raise RequestFailedError("This experience is not saved as a file yet, so it has no runs.")
        try:
            made = await read_plan(path, require_run_id(params.run_id), self._text_of(params.uri))
        except PlanRefusedError as error:
            raise RequestFailedError(str(error)) from error
        return messages.PlanResult(made.digest, made.saved_ms, made.saved_usd, list(_entries(made.nodes)))

    async def _folded(self, uri: str, run_id: str) -> tuple[RunSummary, RunView]:
        path = path_of(uri)
        followed = self._feed.find(require_run_id(run_id))
        if followed is not None and (summary := followed.summary()) is not None:
            return summary, followed.view
        if path is None:
            raise RequestFailedError("This experience is not saved as a file yet, so it has no runs.")
        try:
            return await asyncio.to_thread(read_run, RunStore(path.parent), run_id)
        except FileNotFoundError:
            raise RequestFailedError(f"Run {run_id} was not found in {RunStore(path.parent).runs}.") from None
        except (UnreadableLogError, OSError) as error:
            raise RequestFailedError(str(error)) from error

    async def _newest(self, uri: str, limit: int) -> list[RunSummary]:
        path = path_of(uri)
        if path is None or limit == 0:
            return []
        try:
            runs = await asyncio.to_thread(newest_runs, RunStore(path.parent), limit, self._feed.summaries())
        except OSError as error:
            raise RequestFailedError(str(error)) from error
        return [run for run in runs if run.file_name in ("", writable(path.name))]


def _entries(planned: Iterable[PlannedNode]) -> Iterator[messages.PlanEntry]:
    for node in planned:
        changes = [messages.PlanChange(part, text) for part, text in node.changes]
        reasons = list(node.reasons)
        yield messages.PlanEntry(node.node_id, node.answer, reasons, node.saved_ms, node.saved_usd, changes, node.item)
        yield from _entries(node.items)


def _log_uri(path: Path | None, run: RunSummary) -> str:
    return "" if path is None else uri_of(RunStore(path.parent).log(run.run_id))
