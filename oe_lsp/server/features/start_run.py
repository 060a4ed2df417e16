"""The commands `oe.runExperience` and `oe.resumeRun`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oe_lsp.server.features.command_arguments import engine_options, read_new_run, read_resume
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.custom_messages import RunStarted


async def run_experience(session: Session, arguments: Sequence[Any]) -> RunStarted:
    """Start a run. Raises JsonRpcInvalidParams, and RequestFailedError where it cannot start."""
    target = read_new_run(arguments)
    return RunStarted(await session.launcher.run(target.uri, engine_options(target.options)))


async def resume_run(session: Session, arguments: Sequence[Any]) -> RunStarted:
    """Resume a run. Raises as `run_experience` does."""
    target = read_resume(arguments)
    return RunStarted(await session.launcher.resume(target.uri, target.run_id, engine_options(target.options)))
