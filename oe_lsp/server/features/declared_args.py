"""`oe/args` and `oe/checkArg`: the args that an experience declares, and whether a typed value is allowed."""

from __future__ import annotations

import asyncio

from engine.experience.model import Experience
from engine.log.events.events import RunStarted
from engine.log.reading.head_tail import read_ends
from engine.log.reading.reader import UnreadableLogError
from engine.log.storage.run_store import RunStore
from oe_lsp.ide.runs import declared_args as declared
from oe_lsp.server.session.experience_files import experience_path
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.custom_messages import (
    ArgsParams,
    ArgsResult,
    CheckArgParams,
    CheckedArg,
    DeclaredArg,
    read_params,
)
from oe_lsp.server.transport.errors import RequestFailedError


async def declared_args(session: Session, given: object) -> ArgsResult:
    """The declared args of an open experience, with their values in its newest run.

    Raises JsonRpcInvalidParams, and RequestFailedError where the experience is not open.
    """
    uri = read_params(given, ArgsParams).uri
    experience = await _experience(session, uri)
    args = declared.declared_args(experience, await _newest_start(session, uri))
    return ArgsResult(
        [DeclaredArg(arg.name, arg.schema, arg.is_required, arg.is_secret, arg.default, arg.last) for arg in args]
    )


async def check_arg(session: Session, given: object) -> CheckedArg:
    """The value that a person typed for an arg, and what is wrong with it. Raises as `declared_args` does."""
    params = read_params(given, CheckArgParams)
    await _experience(session, params.uri)
    checked = await session.documents.ask(
        params.uri, lambda snapshot: _check(snapshot.analysis.experience, params.name, params.text)
    )
    return checked or CheckedArg(params.text, "The check of this value took too long.")


def _check(experience: Experience | None, name: str, text: str) -> CheckedArg:
    return CheckedArg(text) if experience is None else CheckedArg(*declared.check_arg(experience, name, text))


async def _experience(session: Session, uri: str) -> Experience:
    snapshot = await session.documents.snapshot(uri)
    if snapshot is None:
        raise RequestFailedError("This experience is not open.")
    if snapshot.analysis.experience is None:
        raise RequestFailedError("This is not an experience: its top level must be a mapping.")
    return snapshot.analysis.experience


async def _newest_start(session: Session, uri: str) -> RunStarted | None:
    """The first event of the newest run; None without a readable one."""
    newest = next(iter(await session.runs.newest(uri, 1)), None)
    if newest is None:
        return None
    log = RunStore(experience_path(uri).parent).log(newest.run_id)
    try:
        ends = await asyncio.to_thread(read_ends, log)
    except (UnreadableLogError, OSError):
        return None
    return ends.started.event if isinstance(ends.started.event, RunStarted) else None
