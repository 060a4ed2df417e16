"""`oe/runState` and `oe.inspectRun`: one run, folded from its log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oe_lsp.ide.runs.run_report import run_report
from oe_lsp.server.features.command_arguments import read_run, require_run_id
from oe_lsp.server.features.command_targets import find_experience, find_run_to_inspect
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.custom_messages import InspectResult, RunParams, RunStateResult, read_params
from oe_lsp.server.transport.run_messages import run_state_message


async def run_state(session: Session, given: object) -> RunStateResult:
    """The state of a run. Raises JsonRpcInvalidParams, and RequestFailedError where there is no readable log."""
    params = read_params(given, RunParams)
    run, view = await session.runs.read(params.uri, require_run_id(params.run_id))
    pinned = await session.runs.pinned(params.uri)
    return run_state_message(run, view, params.uri, pinned=run.run_id in pinned)


async def inspect_run(session: Session, arguments: Sequence[Any]) -> InspectResult:
    """The same, and as text. Raises as `run_state` does."""
    given = read_run(arguments)
    uri = find_experience(session, given.uri)
    run, view = await session.runs.read(uri, await find_run_to_inspect(session, uri, given.run_id))
    pinned = await session.runs.pinned(uri)
    state = run_state_message(run, view, uri, pinned=run.run_id in pinned)
    return InspectResult(state, run_report(run, view))
