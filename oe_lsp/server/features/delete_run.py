"""The commands `oe.deleteRun` and `oe.pinRun`: as `oe runs delete`, `pin` and `unpin`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pygls.exceptions import JsonRpcInvalidParams

from engine.log.prune.prune import choose, forced, plan_removal
from engine.log.storage.pin_file import pin, unpin
from engine.log.storage.run_store import RunStore
from engine.state.remove_runs import remove_runs
from engine.state.store import StateError
from oe_lsp.server.features.command_arguments import DeleteOptions, read_delete, require_run_id
from oe_lsp.server.session.experience_files import experience_path
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.custom_messages import DeletedRun
from oe_lsp.server.transport.errors import RequestFailedError

_Result = TypeVar("_Result")


async def delete_run(session: Session, arguments: Sequence[Any]) -> DeletedRun:
    """Remove a run with what only it used: `[uri, runId, {force?, dryRun?}]`.

    Raises JsonRpcInvalidParams, and RequestFailedError for a run that is running, and, without `force`, for one that
    is pinned or that a resume of a kept run needs.
    """
    uri, run_id, options = read_delete(arguments)
    store = _store_of(uri, run_id)
    deleted = await asyncio.to_thread(_failing, store, lambda: _delete(store, run_id, options))
    session.runs_changed(store.directory)
    return deleted


async def pin_run(session: Session, arguments: Sequence[Any]) -> None:
    """Keep a run from being pruned, or let it go: `[uri, runId, pinned]`. Raises JsonRpcInvalidParams and
    RequestFailedError.
    """
    match arguments:
        case [str(uri), str(run_id), bool(is_pinned)]:
            store = _store_of(uri, run_id)
        case _:
            raise JsonRpcInvalidParams("Expected the URI of an experience, a run id, and true or false.")
    await asyncio.to_thread(_failing, store, lambda: (pin if is_pinned else unpin)(store, run_id))
    session.runs_changed(store.directory)


def _store_of(uri: str, run_id: str) -> RunStore:
    store = RunStore(experience_path(uri).parent)
    if not store.log(require_run_id(run_id)).exists():
        raise RequestFailedError(f"Run {run_id} was not found in {store.runs}.")
    return store


def _failing(store: RunStore, act: Callable[[], _Result]) -> _Result:
    """What `act` returns. Raises RequestFailedError."""
    try:
        return act()
    except StateError as error:
        raise RequestFailedError(f"{error}. Nothing was removed, since the state is rebuilt from the logs.") from error
    except OSError as error:
        place = Path(error.filename or store.data)
        raise RequestFailedError(f"{place}: {error.strerror}. Fix this and try again.") from error


def _delete(store: RunStore, run_id: str, options: DeleteOptions) -> DeletedRun:
    choice = choose(store, [run_id])
    if run_id in choice.running and not options.dry_run:
        raise RequestFailedError(f"Run {run_id[:8]} may still be running. Cancel it first.")
    needed_by = choice.needed.get(run_id)
    if not (choice.removed or options.force or options.dry_run):
        why = "is pinned" if needed_by is None else f"is needed to resume run {needed_by[:8]}"
        raise RequestFailedError(f"Run {run_id[:8]} {why}. Delete it with the option force.")
    removal = plan_removal(store, forced(choice).removed)
    if not options.dry_run:
        remove_runs(store, removal)
    return DeletedRun(
        deleted=not options.dry_run,
        bytes=removal.size,
        blobs=len(removal.blobs),
        pinned=run_id in choice.pinned,
        running=run_id in choice.running,
        needed_by=needed_by,
    )
