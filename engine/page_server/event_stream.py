"""Streams of server-sent events: what changes on a page, for as long as its reader stays."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from engine.page_server.patch_log import PatchLog
from engine.report.page.live_page import Patch

_KEEP_ALIVE_SECONDS = 15.0
"""Then a comment is sent, so that a reader who is gone is noticed."""

_RETRY = b"retry: 1000\n\n"


async def events(
    patches: PatchLog,
    position: str,
    everything: Callable[[], Awaitable[Patch]],
    selected: Callable[[], str | None],
    ended: asyncio.Event,
) -> AsyncIterator[bytes]:
    """Yield what a reader at `position` has not seen, then what changes, until `ended`.

    A message is a Patch; its id is the position to come back with. `everything` is sent to a reader who has seen
    another edition of the page. An event `select` names the node that an editor has selected, null for none.
    """
    yield _RETRY
    was_selected: str | None = None
    while not ended.is_set():
        change = patches.next_change()
        if selected() != was_selected:
            was_selected = selected()
            yield f"event: select\ndata: {json.dumps(was_selected)}\n\n".encode()
        now = patches.position
        patch = await everything() if patches.has_seen_another(position) else patches.since(position)
        if patch is not None:
            position = now
            yield b"id: %s\ndata: %s\n\n" % (position.encode(), msgspec.json.encode(patch))
        elif not await _is_soon(change, ended):
            yield b": still here\n\n"


async def _is_soon(change: asyncio.Event, ended: asyncio.Event) -> bool:
    """Whether one of the two comes in time."""
    waiting = [asyncio.ensure_future(each.wait()) for each in (change, ended)]
    try:
        done, _ = await asyncio.wait(waiting, timeout=_KEEP_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await each
    return bool(done)
