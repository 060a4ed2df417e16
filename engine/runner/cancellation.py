"""How a run learns that it should end: signals and the file `<run-id>.cancel` (docs/design.md, The run log)."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

from engine.log.cancel_file import times_asked
from engine.runner.run import Run

GRACE_SECONDS = 10.0
"""How long a cancelled run may take to stop its nodes before it ends without them."""

_LOOK_MS = 1_000
_SIGNALS = tuple(signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if name in signal.Signals.__members__)


class _Cancellation:
    """The first request is graceful; a second one, or the end of the grace, is not."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._grace: asyncio.TimerHandle | None = None

    def request(self, reason: str) -> None:
        if self._grace is not None:
            self._run.abandon(reason)
            return
        self._grace = asyncio.get_running_loop().call_later(GRACE_SECONDS, self._run.abandon, reason)
        self._run.cancel(reason)

    def close(self) -> None:
        if self._grace is not None:
            self._grace.cancel()


@contextlib.asynccontextmanager
async def cancellable(run: Run, cancel_file: Path) -> AsyncIterator[None]:
    """While this lasts, signals and the cancel file reach `run`. The file is gone afterwards."""
    cancellation = _Cancellation(run)
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
    # Imported aside: it takes 70 ms, which restored nodes need not wait for.
    watchfiles = await asyncio.to_thread(importlib.import_module, "watchfiles")
    seen = 0
    try:
        async for _ in _looks(watchfiles, cancel_file, polling=False):
            seen = _act(cancel_file, seen, cancellation)
    except OSError:  # the system has no more watches to give
        async for _ in _looks(watchfiles, cancel_file, polling=True):
            seen = _act(cancel_file, seen, cancellation)


def _looks(watchfiles: ModuleType, cancel_file: Path, *, polling: bool) -> AsyncIterator[object]:
    """Yields when the file changed; and every second, for a change from before the watch, or one not reported."""
    looks: AsyncIterator[object] = watchfiles.awatch(
        cancel_file.parent,
        watch_filter=lambda _, path: path == str(cancel_file),
        recursive=False,
        debounce=100,
        rust_timeout=_LOOK_MS,
        yield_on_timeout=True,
        force_polling=polling,
    )
    return looks


def _act(cancel_file: Path, seen: int, cancellation: _Cancellation) -> int:
    asked = times_asked(cancel_file)
    if asked > seen:
        cancellation.request("cancelled by `oe cancel`")
    return asked


def _forget(cancel_file: Path) -> None:
    cancel_file.unlink(missing_ok=True)
