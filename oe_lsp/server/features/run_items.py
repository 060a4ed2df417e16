"""`oe/runItems`: the parts of one vertex in a run, a page at a time, since there may be ten thousand."""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine.log.reading.reader import UnreadableLogError
from engine.log.storage.run_store import RunStore
from engine.report.node_parts import Parts, node_parts
from oe_lsp.runs.run_histories import LogCache
from oe_lsp.server.features.command_arguments import require_run_id
from oe_lsp.server.session.experience_files import experience_path
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.custom_messages import RunItem, RunItemsParams, RunItemsResult, read_params
from oe_lsp.server.transport.errors import RequestFailedError

_MOST = 300


async def run_items(session: Session, given: object) -> RunItemsResult:
    """The parts. Raises JsonRpcInvalidParams, and RequestFailedError where there is no readable log."""
    params = read_params(given, RunItemsParams)
    log = RunStore(experience_path(params.uri).parent).log(require_run_id(params.run_id))
    limit = _MOST if params.limit is None else min(params.limit, _MOST)
    cache = session.state(LogCache)
    found = await asyncio.to_thread(_read, cache, log, params.node_id, params.skipped or 0, limit)
    items = [
        RunItem(part.place, part.status.value, part.duration_ms, part.cost_usd, part.error, part.reason)
        for part in found.parts
    ]
    return RunItemsResult(found.total, items)


def _read(cache: LogCache, log: Path, node_id: str, skipped: int, limit: int) -> Parts:
    with cache.opened(log) as lines:
        if lines is None:
            raise RequestFailedError(f"{log} cannot be read.")
        try:
            return node_parts(lines, node_id, skipped, limit)
        except (UnreadableLogError, OSError) as error:
            raise RequestFailedError(f"{log} cannot be read: {error}") from error
