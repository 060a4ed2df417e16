"""Asks before a resume whose plan is no longer the one that a lens told."""

from __future__ import annotations

from functools import partial

from lsprotocol import types
from msgspec.structs import replace
from pygls.exceptions import JsonRpcException

from oe_lsp.ide.runs.code_lens import plan_text
from oe_lsp.ide.runs.plan_document import plan_document
from oe_lsp.ide.runs.planned_run import PlannedRun
from oe_lsp.runs.planner import Planner, PlanRefusedError
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.session.experience_files import experience_path
from oe_lsp.server.session.preconditions import Ask, Start
from oe_lsp.server.session.runs import Runs
from oe_lsp.server.session.virtual_documents import VirtualDocuments
from oe_lsp.server.transport.client import Client
from oe_lsp.server.transport.errors import RequestFailedError

_RESUME = "Resume"
_SHOW = "Show plan"


class PlanComparison:
    """Compares plans for the documents of one client, and asks its user."""

    def __init__(
        self, client: Client, documents: Documents, runs: Runs, planner: Planner, shown: VirtualDocuments
    ) -> None:
        self._client = client
        self._documents = documents
        self._runs = runs
        self._planner = planner
        self._shown = shown

    def expecting(self, run_id: str, digest: str) -> ExpectedPlan:
        """The question before a resume of `run_id` that expects the plan with this digest."""
        return ExpectedPlan(self, run_id, digest)

    async def plan(self, uri: str, run_id: str) -> PlannedRun | None:
        """The plan as it is now; None where there is none: the engine then refuses, with its own message."""
        texts = self._documents.open_texts_for(uri)
        try:
            return await self._planner.plan(experience_path(uri), run_id, texts)
        except PlanRefusedError:
            return None

    async def is_confirmed(self, uri: str, plan: PlannedRun) -> bool:
        """Ask whether to resume by a plan. Raises RequestFailedError where the client cannot ask."""
        run, _ = await self._runs.read(uri, plan.run_id)
        now = plan_text(plan)
        question = types.ShowMessageRequestParams(
            types.MessageType.Warning,
            f"The plan of resuming run {run.short_id} has changed: now {now}. Resume?",
            [types.MessageActionItem(title) for title in (_RESUME, _SHOW)],
        )
        try:
            answer = await self._client.request(types.WINDOW_SHOW_MESSAGE_REQUEST, question)
        except JsonRpcException as error:
            raise RequestFailedError(
                f"Not resumed: the plan has changed: now {now}. Look at it, and resume again."
            ) from error
        if answer is not None and answer.title == _SHOW:
            await self._shown.show(f"plan-{run.short_id}.md", plan_document(run, plan))
        return answer is not None and answer.title == _RESUME


class ExpectedPlan:
    """A precondition: the plan of resuming a run is still the expected one, or the user agrees to the new one."""

    def __init__(self, comparison: PlanComparison, run_id: str, digest: str) -> None:
        self._comparison = comparison
        self._run_id = run_id
        self._digest = digest

    async def check(self, start: Start) -> Ask | None:
        """See Precondition."""
        plan = await self._comparison.plan(start.uri, self._run_id)
        return None if plan is None or plan.digest == self._digest else partial(self._ask, start, plan)

    async def _ask(self, start: Start, plan: PlannedRun) -> Start | None:
        """Show what has changed, and ask. The plan that was agreed to is the expected one then."""
        if not await self._comparison.is_confirmed(start.uri, plan):
            return None
        return replace(start, command=(*start.command, f"--expect={plan.digest}"))
