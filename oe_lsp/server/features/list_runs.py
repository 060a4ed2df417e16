"""`oe/runs`: the latest runs of an experience."""

from __future__ import annotations

from oe_lsp.server.features.run_messages import run_message
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.custom_messages import RunsParams, RunsResult, read_params

_MAX_RUNS = 200


async def runs(session: Session, given: object) -> RunsResult:
    """The latest runs, newest first. Raises JsonRpcInvalidParams and RequestFailedError."""
    uri = read_params(given, RunsParams).uri
    return RunsResult([run_message(run, uri) for run in await session.runs.newest(uri, _MAX_RUNS)])
