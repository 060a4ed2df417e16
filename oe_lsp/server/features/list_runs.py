"""`oe/runs`: the latest runs of an experience."""

from __future__ import annotations

from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.custom_messages import RunsParams, RunsResult, read_params
from oe_lsp.server.transport.run_messages import run_message

_USUAL = 200
_MOST = 2_000


async def runs(session: Session, given: object) -> RunsResult:
    """The latest runs, newest first. Raises JsonRpcInvalidParams and RequestFailedError."""
    params = read_params(given, RunsParams)
    limit = min(_USUAL if params.limit is None else params.limit, _MOST)
    found = await session.runs.newest(params.uri, limit + 1)
    pinned = await session.runs.pinned(params.uri)
    shown = [run_message(run, params.uri, pinned=run.run_id in pinned) for run in found[:limit]]
    return RunsResult(shown, has_more=len(found) > limit)
