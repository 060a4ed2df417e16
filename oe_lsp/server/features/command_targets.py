"""Which experience and which run a command means that names none."""

from __future__ import annotations

from engine.log.reading.summary import RunSummary
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.errors import RequestFailedError
from oe_lsp.server.transport.uris import path_of

_SEARCHED = 200
"""How many of the latest runs are looked through."""


def find_experience(session: Session, uri: str | None) -> str:
    """`uri`, or the only open experience. Raises RequestFailedError where none or several are open."""
    if uri is not None:
        return uri
    opened = session.documents.uris()
    if not opened:
        raise RequestFailedError("No experience is open. Open an experience.yaml first.")
    if len(opened) > 1:
        names = ", ".join(str(path_of(each) or each) for each in opened)
        raise RequestFailedError(
            f"Several experiences are open: {names}. Choose one: use a code action or lens in it, or pass its URI."
        )
    return opened[0]


async def find_run_to_resume(session: Session, uri: str, run_id: str | None) -> str:
    """`run_id`, or the latest run. Raises RequestFailedError if there is none or it is still running: a resume of an
    earlier one would do the same work twice.
    """
    if run_id is not None:
        return run_id
    run = await _latest(session, uri)
    if run.is_running:
        raise RequestFailedError(f"Run {run.short_id} is still running. Cancel it first, or wait for its end.")
    return run.run_id


async def find_run_to_cancel(session: Session, uri: str, run_id: str | None) -> str:
    """`run_id`, or the latest run that is running. Raises RequestFailedError if there is none."""
    if run_id is not None:
        return run_id
    running = next((run for run in await session.runs.newest(uri, _SEARCHED) if run.is_running), None)
    if running is None:
        raise RequestFailedError("No run of this experience is running.")
    return running.run_id


async def find_run_to_inspect(session: Session, uri: str, run_id: str | None) -> str:
    """`run_id`, or the latest run. Raises RequestFailedError if there is none."""
    return (await _latest(session, uri)).run_id if run_id is None else run_id


async def _latest(session: Session, uri: str) -> RunSummary:
    run = next(iter(await session.runs.newest_whole(uri, _SEARCHED)), None)
    if run is None:
        raise RequestFailedError("This experience has no runs yet. Start one with oe.runExperience.")
    return run
