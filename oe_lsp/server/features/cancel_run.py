"""The command `oe.cancelRun`, and `window/workDoneProgress/cancel`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from lsprotocol import types

from engine.log.storage.cancel_file import request_cancel
from engine.log.storage.run_store import RunStore
from oe_lsp.server.features.command_arguments import read_run
from oe_lsp.server.features.command_targets import find_experience, find_run_to_cancel
from oe_lsp.server.session.experience_files import experience_path
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.errors import RequestFailedError
from oe_lsp.server.transport.names import progress_token


async def cancel_run(session: Session, arguments: Sequence[Any]) -> None:
    """Ask the run's engine to end it; asked again, to kill what still runs.

    Raises JsonRpcInvalidParams, and RequestFailedError for a run that is not running.
    """
    given = read_run(arguments)
    uri = find_experience(session, given.uri)
    store = RunStore(experience_path(uri).parent)
    run_id = await find_run_to_cancel(session, uri, given.run_id)
    if not await asyncio.to_thread(request_cancel, store, run_id):
        raise RequestFailedError(f"Run {run_id[:8]} is not running.")


async def cancel_progress(session: Session, params: types.WorkDoneProgressCancelParams) -> None:
    """Cancel the run whose progress the user cancelled."""
    for run in session.feed.followed():
        if params.token == progress_token(run.run_id, is_shown=session.capabilities.shows_tokens):
            request_cancel(run.store, run.run_id)
