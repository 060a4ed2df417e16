"""Cancels a run on signals and on the file `<run-id>.cancel` (docs/design.md, The run log)."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path

from engine.log.storage.cancel_file import cancel_requests
from engine.runner.run import Run
from engine.runner.run_budget import BUDGET

GRACE_SECONDS = 10.0
"""How long a cancelled run may take to stop its nodes before it ends without them."""

_LOOK_SECONDS = 0.1
_SIGNALS = tuple(signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if name in signal.Signals.__members__)


class _Cancellation:
    """The first request is graceful. A second one, or the end of the grace period, ends the run at once."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._grace: asyncio.TimerHandle | None = None

    def request(self, reason: str) -> None:
        if self._grace is not None:
            self._run.abandon(reason)
            return
        self._begin(reason)
        self._run.cancel(reason)

    def budget_reached(self) -> None:
        """End the run as a first request does; one that a person makes then is a second one."""
        if self._grace is None:
            self._begin(BUDGET)
            self._run.stop(BUDGET)

    def _begin(self, reason: str) -> None:
        self._grace = asyncio.get_running_loop().call_later(GRACE_SECONDS, self._run.abandon, reason)

    def close(self) -> None:
        if self._grace is not None:
            self._grace.cancel()


@contextlib.asynccontextmanager
async def cancellable(run: Run, cancel_file: Path) -> AsyncIterator[None]:
    """Let signals, the cancel file and the budget reach `run` meanwhile; remove the file afterwards."""
    cancellation = _Cancellation(run)
    run.on_budget_reached = cancellation.budget_reached
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, cancellation.request, f"cancelled by {number.name}")
    watching = asyncio.create_task(_watch(cancel_file, cancellation))
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
        cancellation.close()
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        _forget(cancel_file)


async def _watch(cancel_file: Path, cancellation: _Cancellation) -> None:
    """Poll the file: a watch on its folder would wake the engine for every line of every log."""
    seen = 0
    while True:
        asked = cancel_requests(cancel_file)
        for _ in range(asked - seen):  # two requests since the last look mean: at once
            cancellation.request("cancelled by `oe cancel`")
        seen = asked
        await asyncio.sleep(_LOOK_SECONDS)


def _forget(cancel_file: Path) -> None:
    with contextlib.suppress(OSError):  # in a read-only folder it may stay: nobody reads it any more
        cancel_file.unlink()
