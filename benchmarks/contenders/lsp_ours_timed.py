"""oe-lsp, which at its end prints what held its event loop longest, as the last line on stderr: by name, how many
milliseconds passed, and how many of them the loop worked itself (the others went to other threads and programs)."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any, NamedTuple

from oe_lsp.server.app import create_server


class Hold(NamedTuple):
    """How long one turn of the loop took: all of it, and what the loop's own thread worked in it."""

    ms: float
    own_ms: float


class Holds:
    """The longest turn of the loop, by the handler, coroutine or callback that had it."""

    def __init__(self) -> None:
        self.longest: dict[str, Hold] = {}

    def watch(self) -> None:
        """Time every callback of every loop from now on."""
        run = asyncio.events.Handle._run

        def timed(handle: asyncio.Handle) -> Any:
            name = _name(handle)
            began, worked = time.perf_counter(), time.thread_time()
            try:
                return run(handle)
            finally:
                self._note(name, Hold((time.perf_counter() - began) * 1000, (time.thread_time() - worked) * 1000))

        asyncio.events.Handle._run = timed  # type: ignore[method-assign]

    def _note(self, name: str, hold: Hold) -> None:
        self.longest[name] = max(self.longest.get(name, hold), hold)


def _name(handle: asyncio.Handle) -> str:
    callback: Any = handle._callback  # type: ignore[attr-defined]
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        coroutine: Any = owner.get_coro()
        handler = coroutine.cr_frame.f_locals.get("f") if coroutine.cr_frame else None  # pygls wraps each in another
        return str(getattr(handler or coroutine, "__qualname__", owner.get_name()))
    called = getattr(callback, "func", callback)
    return str(getattr(called, "__qualname__", called))


def main() -> None:
    """Serve, then say it."""
    holds = Holds()
    holds.watch()
    create_server().start_io()
    longest = sorted(holds.longest.items(), key=lambda each: each[1], reverse=True)[:8]
    print(json.dumps({name: [round(part, 1) for part in hold] for name, hold in longest}), file=sys.stderr)


if __name__ == "__main__":
    main()
