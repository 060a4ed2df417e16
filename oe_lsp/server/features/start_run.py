"""The commands `oe.runExperience` and `oe.resumeRun`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.runner.launch_options import engine_options
from oe_lsp.server.features.command_arguments import read_new_run, read_resume
from oe_lsp.server.features.command_targets import find_experience, find_run_to_resume
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.custom_messages import RunStarted


async def run_experience(session: Session, arguments: Sequence[Any]) -> RunStarted:
    """Start a run. Raises JsonRpcInvalidParams, and RequestFailedError where it cannot start."""
    given = read_new_run(arguments)
    uri = find_experience(session, given.uri)
    return await session.launcher.run(uri, engine_options(given.options))


async def resume_run(session: Session, arguments: Sequence[Any]) -> RunStarted:
    """Resume a run. Raises as `run_experience` does."""
    given = read_resume(arguments)
    uri = find_experience(session, given.uri)
    run_id = await find_run_to_resume(session, uri, given.run_id)
    expect = given.options.expect
    # The planner knows no options: of a plan with some, the engine says itself whether it has changed.
    more = [] if expect is None or given.options.changes_plan else [session.plan_comparison.expecting(run_id, expect)]
    return await session.launcher.resume(uri, run_id, engine_options(given.options), more)
