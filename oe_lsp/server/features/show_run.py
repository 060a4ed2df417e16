"""The commands `oe.showRun` (which run the text shows), `oe.showFailure` (where a run failed) and `oe.showPlan` (what a
resume would do, and why).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pygls.exceptions import JsonRpcInvalidParams

from oe_lsp.ide.runs.plan_document import plan_document
from oe_lsp.runs.planner import PlanRefusedError
from oe_lsp.server.features.command_arguments import read_run, require_run_id
from oe_lsp.server.features.command_targets import find_experience, find_run_to_inspect, find_run_to_resume
from oe_lsp.server.session.experience_files import experience_path
from oe_lsp.server.session.session import Session
from oe_lsp.server.session.shown_runs import LATEST
from oe_lsp.server.transport.custom_messages import ShownDocument
from oe_lsp.server.transport.errors import RequestFailedError


async def show_run(session: Session, arguments: Sequence[Any]) -> None:
    """Show a run in the text: `[uri, runId | "latest" | null]`. Raises JsonRpcInvalidParams, and RequestFailedError
    where there is no readable log, or the experience is not open.
    """
    if len(arguments) != 2 or not isinstance(arguments[0], str) or not isinstance(arguments[1], (str, type(None))):
        raise JsonRpcInvalidParams('Expected the URI of an experience and a run id, "latest" or null.')
    uri, wanted = arguments
    if uri not in session.documents:
        raise RequestFailedError("This experience is not open.")
    if wanted not in (LATEST, None):
        await session.runs.read(uri, require_run_id(wanted))
    session.shown.choose(uri, wanted)


async def show_failure(session: Session, arguments: Sequence[Any]) -> None:
    """Open an experience with the node selected at which a run failed: `[uri?, runId?]`. Raises as `show_run` does,
    and RequestFailedError where no node failed, or the client opens no documents.
    """
    given = read_run(arguments)
    uri = find_experience(session, given.uri)
    run, _ = await session.runs.read(uri, await find_run_to_inspect(session, uri, given.run_id))
    if run.failed_at is None:
        raise RequestFailedError(f"No node of run {run.short_id} has failed.")
    if not session.capabilities.shows_documents:
        raise RequestFailedError(f"Run {run.short_id} failed at {run.failed_at}. This editor cannot open it itself.")
    await session.viewer.open_vertex(uri, run.failed_at)


async def show_plan(session: Session, arguments: Sequence[Any]) -> ShownDocument:
    """Open the plan of resuming a run, for the text in the editor: `[uri?, runId?]`. Raises as `show_run` does,
    and RequestFailedError where there is no plan.
    """
    given = read_run(arguments)
    uri = find_experience(session, given.uri)
    path, run_id = experience_path(uri), await find_run_to_resume(session, uri, given.run_id)
    if not await session.consent.is_given(path.parent):  # reading the versions of its interpreters starts them
        raise RequestFailedError(f"No plan: code in {path.parent} may not run. Allow it with: oe trust {path.parent}")
    run, _ = await session.runs.read(uri, run_id)
    try:
        plan = await session.planner.plan(path, run_id, session.documents.open_texts_for(uri))
    except PlanRefusedError as error:
        raise RequestFailedError(str(error)) from error
    return ShownDocument(await session.virtual_documents.show(f"plan-{run.short_id}.md", plan_document(run, plan)))
