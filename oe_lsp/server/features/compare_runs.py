"""The commands `oe.compareRuns`, which opens the page of two runs side by side, and `oe.compareNode`, which gives what
one node did in both as two documents, for an editor to show their difference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from pygls.exceptions import JsonRpcInvalidParams

from engine.log.reading.reader import UnreadableLogError
from engine.log.storage.run_store import RunStore
from engine.report.comparison.runs import read_compared_run
from engine.report.comparison.side_by_side import node_documents
from oe_lsp.server.features.command_arguments import require_run_id
from oe_lsp.server.features.open_page import show_page
from oe_lsp.server.session.experience_files import experience_path
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.custom_messages import ComparedNode, RunPage
from oe_lsp.server.transport.errors import RequestFailedError


async def compare_runs(session: Session, arguments: Sequence[Any]) -> RunPage:
    """`[uri, leftId, rightId]`: the page that compares two runs, opened unless the client embeds it.

    Raises JsonRpcInvalidParams, and RequestFailedError where there is no such run, or nothing can be served.
    """
    uri, left, right = _strings(arguments, 3, "the URI of an experience and two run ids")
    store = RunStore(experience_path(uri).parent)
    for run_id in (require_run_id(left), require_run_id(right)):
        if not await asyncio.to_thread(store.log(run_id).is_file):
            raise RequestFailedError(f"Run {run_id} was not found in {store.runs}.")
    home = await session.pages.url(uri, None)
    return await show_page(session, f"{home}compare/{left}...{right}")


async def compare_node(session: Session, arguments: Sequence[Any]) -> ComparedNode:
    """`[uri, leftId, rightId, address]`: two Markdown documents with the same sections in the same order.

    Raises JsonRpcInvalidParams, and RequestFailedError where a log cannot be read, or neither run has the node.
    """
    uri, left, right, address = _strings(
        arguments, 4, "the URI of an experience, two run ids and the address of a node"
    )
    store = RunStore(experience_path(uri).parent)
    ids = require_run_id(left), require_run_id(right)
    try:
        texts = await asyncio.to_thread(_documents, store, *ids, address)
    except (UnreadableLogError, LookupError) as error:
        raise RequestFailedError(f"{error}.") from error
    except OSError as error:
        raise RequestFailedError(f"{error.filename} cannot be read: {error.strerror}.") from error
    name = address.replace("/", "-")
    documents = [
        await session.virtual_documents.put(f"{name}-{run_id[:8]}.md", text)
        for run_id, text in zip(ids, texts, strict=True)
    ]
    return ComparedNode(*documents)


def _documents(store: RunStore, left: str, right: str, address: str) -> tuple[str, str]:
    return node_documents(read_compared_run(store, left), read_compared_run(store, right), address)


def _strings(arguments: Sequence[Any], number: int, expected: str) -> list[str]:
    if len(arguments) != number or not all(isinstance(each, str) for each in arguments):
        raise JsonRpcInvalidParams(f"Expected {expected}.")
    return list(arguments)
