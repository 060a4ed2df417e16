"""oe-lsp, which at its end prints what held its event loop longest, in milliseconds, as the last line on stderr."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from oe_lsp.server.app import create_server


class Holds:
    """How long each turn of the loop took, at most, by the coroutine or callback that had it."""

    def __init__(self) -> None:
        self.longest: dict[str, float] = {}

    def watch(self) -> None:
        """Time every callback of every loop from now on."""
        run = asyncio.events.Handle._run

        def timed(handle: asyncio.Handle) -> Any:
            began = time.perf_counter()
            try:
                return run(handle)
            finally:
                self._note(_name(handle), (time.perf_counter() - began) * 1000)

        asyncio.events.Handle._run = timed  # type: ignore[method-assign]

    def _note(self, name: str, ms: float) -> None:
        if ms > self.longest.get(name, 0.0):
            self.longest[name] = ms


def _name(handle: asyncio.Handle) -> str:
    callback: Any = handle._callback  # type: ignore[attr-defined]
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        return str(getattr(owner.get_coro(), "__qualname__", owner.get_name()))
    return str(getattr(callback, "__qualname__", callback))


def main() -> None:
    """Serve, then say it."""
    holds = Holds()
    holds.watch()
    create_server().start_io()
    longest = sorted(holds.longest.items(), key=lambda each: -each[1])[:8]
    print(json.dumps({name: round(ms, 2) for name, ms in longest}), file=sys.stderr)


if __name__ == "__main__":
    main()
