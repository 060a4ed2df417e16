"""What is served below the token: pages, their events, their assets, and what their buttons ask for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractContextManager, ExitStack

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from engine.log.reading.summary import RunSummary
from engine.log.storage.run_store import is_run_id
from engine.page_server.actions import Actions, PlanChangedError
from engine.page_server.audience import Audience
from engine.page_server.event_stream import events
from engine.page_server.live_run import LiveRun
from engine.page_server.plan import ResumePlan, box_plans, plan_element
from engine.page_server.served_runs import ServedRuns
from engine.page_server.surroundings import experience_of
from engine.page_server.urls import ASSETS, HOME, events_url, newest_url
from engine.report.comparison.runs import compare_runs, read_compared_run
from engine.report.drawing.markup import Element, element, fragment
from engine.report.page.compare_page import compare_main, compare_title
from engine.report.page.document import asset, asset_names, served_document
from engine.report.page.live_page import PAGE_ID, Patch
from engine.report.page.overview import title_of
from engine.runner.launch import EngineRefusedError
from engine.runner.launch_options import ResumeOptions
from engine.visible import visible

_MOST_BODY_BYTES = 64 * 1024
_STEERING = ("from", "rerun", "accept", "isolated")
_TYPES = {".css": "text/css", ".js": "text/javascript"}


class PageApp:
    """The requests of the readers of one folder's runs. `ended` ends all streams."""

    def __init__(self, runs: ServedRuns, actions: Actions, audience: Audience, ended: asyncio.Event) -> None:
        self._runs = runs
        self._actions = actions
        self._audience = audience
        self._ended = ended
        self._assets = {name: asset(name).encode() for name in asset_names()}

    def routes(self) -> list[Route]:
        """All that is answered; everything else is not found."""
        return [
            Route("/", self._home),
            Route("/runs/", self._no_run),
            Route("/events", self._events),
            Route("/assets/{name}", self._asset),
            Route("/runs/{run_id}", self._run),
            Route("/runs/{run_id}/events", self._events),
            Route("/runs/{run_id}/plan", self._plan),
            Route("/runs/{run_id}/resume", self._resume, methods=["POST"]),
            Route("/runs/{run_id}/cancel", self._cancel, methods=["POST"]),
            Route("/compare/{left}...{right}", self._compare),
            Route("/compare/{left}/{right}", self._pair),
        ]

    async def _home(self, request: Request) -> Response:  # noqa: ARG002
        self._audience.came_by()
        home = self._runs.home()
        # From here, a page is one folder further down than from another page.
        return RedirectResponse("runs/" if home is None else home.removeprefix(HOME), 303)

    async def _no_run(self, request: Request) -> Response:  # noqa: ARG002
        self._audience.came_by()
        text = "No runs yet. Start one with `oe run`; this page then shows it."
        main = element("main", element("h1", "Runs"), element("p", text, class_="note"), id=PAGE_ID)
        return self._page("Runs", main, self._runs.around_nothing(), None, self._runs.lobby.position, follows=True)

    async def _run(self, request: Request) -> Response:
        self._audience.came_by()
        run = self._live(request)
        if run is None:
            return self._missing(request.path_params["run_id"])
        if not self._runs.is_listed(run.run_id):  # it has just begun
            await self._runs.look()
        shown = await run.shown()
        title = title_of(shown.summary) if shown.summary is not None else f"Run {run.run_id[:8]}"
        around = run.around(shown)
        follows = "latest" in request.query_params
        return self._page(title, shown.main, around, run.run_id, shown.position, follows=follows)

    async def _pair(self, request: Request) -> Response:
        left, right = request.path_params["left"], request.path_params["right"]
        if not (is_run_id(left) and is_run_id(right)):
            return _not_found()
        return RedirectResponse(f"../{left}...{right}", 303)

    def _missing(self, run_id: str) -> Response:
        """The page of a run that there is not, with the list of those that there are."""
        if not is_run_id(run_id):
            return _not_found()
        text = f"Run {run_id[:8]} was not found. Was it deleted?"
        main = element("main", element("h1", "No such run"), element("p", text, class_="note"), id=PAGE_ID)
        page = self._page("No such run", main, self._runs.around_nothing(), None, self._runs.lobby.position)
        page.status_code = 404
        return page

    async def _compare(self, request: Request) -> Response:
        self._audience.came_by()
        left, right = request.path_params["left"], request.path_params["right"]
        compared = await asyncio.to_thread(self._compared, left, right)
        if compared is None:
            return _not_found()
        around = self._runs.surroundings.elements(right, None, "")
        return self._page(*compared, around, None, self._runs.lobby.position)

    def _compared(self, *run_ids: str) -> tuple[str, Element] | None:
        """The title and the page of two runs; None if one of them cannot be read."""
        try:
            comparison = compare_runs(*(read_compared_run(self._runs.store, run_id) for run_id in run_ids))
        except (ValueError, OSError):  # not an id, no log, or one that cannot be read
            return None
        return compare_title(comparison), compare_main(comparison)

    async def _events(self, request: Request) -> Response:
        position = request.headers.get("last-event-id") or request.query_params.get("after", "")
        if "run_id" not in request.path_params:
            stream = events(self._runs.lobby, position, self._surroundings, self._selected, self._ended)
            return _EventStream(stream, self._audience.looking())
        run = self._live(request)
        if run is None:
            return _not_found()
        stream = events(run.patches, position, run.everything, self._selected, self._ended)
        return _EventStream(stream, self._audience.looking(), run.followed())

    def _selected(self) -> str | None:
        return self._runs.selected

    async def _surroundings(self) -> Patch:
        return Patch(0, {each.get("id") or "": fragment(each) for each in self._runs.around_nothing()})

    async def _asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._assets:
            return _not_found()
        return Response(self._assets[name], media_type=_TYPES[name[name.rindex(".") :]])

    async def _plan(self, request: Request) -> Response:
        run = self._live(request)
        given = request.query_params
        options = _read_options({name: given[name] for name in _STEERING if name in given})
        if run is None or options is None:
            return _not_found()
        refusal = await self._refusal(run)
        if isinstance(refusal, Response):
            return refusal
        try:
            plan = await self._actions.plan(experience_of(self._runs.store.directory, refusal), run.run_id, options)
        except (EngineRefusedError, OSError) as error:
            return _refused(str(error))
        return await _planned(plan, run, options)

    async def _resume(self, request: Request) -> Response:
        run = self._live(request)
        options = _read_options(await _json(request))
        if run is None or options is None:
            return _not_found() if run is None else _refused("Wrong options.", 400)
        summary = await self._refusal(run)
        if isinstance(summary, Response):
            return summary
        experience = experience_of(self._runs.store.directory, summary)
        try:
            new_id = await self._actions.resume(experience, run.run_id, options)
        except PlanChangedError as error:
            return await _planned(error.plan, run, options, f"{error} This is the plan now.", 409)
        except (EngineRefusedError, OSError) as error:
            return _refused(str(error))
        return JSONResponse({"runId": new_id, "url": newest_url(new_id)})

    async def _cancel(self, request: Request) -> Response:
        run = self._live(request)
        if run is None:
            return _not_found()
        if not self._runs.may_act:
            return _not_allowed()
        if not await self._actions.cancel(run.run_id):
            return _refused(f"Run {run.run_id[:8]} is not running.")
        run.look_again()
        return JSONResponse({})

    async def _refusal(self, run: LiveRun) -> RunSummary | Response:
        """The summary of a run that can be resumed, or why it cannot."""
        if not self._runs.may_act:
            return _not_allowed()
        summary = (await run.shown()).summary
        return _refused(f"The log of run {run.run_id[:8]} cannot be read.") if summary is None else summary

    def _live(self, request: Request) -> LiveRun | None:
        run_id = request.path_params["run_id"]
        return self._runs.live(run_id) if is_run_id(run_id) else None

    def _page(
        self,
        title: str,
        main: Element,
        around: Iterable[Element],
        run_id: str | None,
        position: str,
        *,
        follows: bool = False,
    ) -> Response:
        data = {"data-events": events_url(run_id, position), "data-home": HOME}
        if follows:
            data["data-follows"] = "latest"
        body = element("div", element("div", *around, class_="around"), main)
        return Response(served_document(title, body, ASSETS, data), media_type="text/html")


class _EventStream(StreamingResponse):
    """Server-sent events. Whoever receives them is looking while they last."""

    def __init__(self, content: AsyncIterator[bytes], *looking: AbstractContextManager[None]) -> None:
        super().__init__(content, media_type="text/event-stream")
        self._looking = looking

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        with ExitStack() as stack:
            for each in self._looking:
                stack.enter_context(each)
            await super().__call__(scope, receive, send)


async def _json(request: Request) -> object:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BODY_BYTES:
            return None
    try:
        return msgspec.json.decode(body or b"{}")
    except msgspec.DecodeError:
        return None


def _read_options(given: object) -> ResumeOptions | None:
    try:
        return msgspec.convert(given, ResumeOptions)
    except msgspec.ValidationError:
        return None


async def _planned(
    plan: ResumePlan, run: LiveRun, options: ResumeOptions, note: str = "", status: int = 200
) -> Response:
    html = fragment(plan_element(plan, run.run_id, options, note))
    graph = await run.planned_graph(box_plans(plan.entries)) if plan.entries else None
    drawn = {"graph": fragment(graph)} if graph is not None else {}
    return JSONResponse({"html": html, "digest": plan.digest, "answers": plan.answers, **drawn}, status)


def _refused(message: str, status: int = 409) -> Response:
    return JSONResponse({"message": visible(message)}, status)


def _not_allowed() -> Response:
    return _refused("Code in this folder may not run: trust the workspace, or allow it with `oe trust`.", 403)


def _not_found() -> Response:
    return PlainTextResponse("Not found.", 404)
