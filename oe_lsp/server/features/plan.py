"""`oe/plan`: what a resume of a run would restore and run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oe_lsp.ide.runs.planned_run import PlannedNode
from oe_lsp.runs.planner import PlanRefusedError
from oe_lsp.server.features.command_arguments import require_run_id
from oe_lsp.server.session.experience_files import experience_path
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.custom_messages import PlanChange, PlanEntry, PlanResult, RunParams, read_params
from oe_lsp.server.transport.errors import RequestFailedError


async def plan(session: Session, given: object) -> PlanResult:
    """The plan for the text in the editor. Raises JsonRpcInvalidParams, and RequestFailedError with the engine's
    message.
    """
    params = read_params(given, RunParams)
    path, run_id = experience_path(params.uri), require_run_id(params.run_id)
    if session.capabilities.options.trusted is False:  # reading the versions of its interpreters starts them
        raise RequestFailedError("No plan: this workspace is not trusted. Trust it first.")
    try:
        planned = await session.planner.plan(path, run_id, session.documents.open_texts_for(params.uri))
    except PlanRefusedError as error:
        raise RequestFailedError(str(error)) from error
    return PlanResult(planned.digest, planned.saved_ms, planned.saved_usd, list(_entries(planned.nodes)))


def _entries(nodes: Iterable[PlannedNode]) -> Iterator[PlanEntry]:
    for node in nodes:
        changes = [PlanChange(part, text) for part, text in node.changes]
        reasons = list(node.reasons)
        yield PlanEntry(node.node_id, node.answer, reasons, node.saved_ms, node.saved_usd, changes, node.item)
        yield from _entries(node.items)
