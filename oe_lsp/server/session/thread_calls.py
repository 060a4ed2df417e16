"""Functions in threads of their own, each with a limit: one that takes longer is abandoned, and nobody waits for it.

An executor's threads would be waited for when the process ends, and a text that never lets go would keep them all.
"""

from __future__ import annotations

import _thread
import asyncio
import contextlib
import ctypes
from collections.abc import Callable
from typing import Any, TypeVar

_Answer = TypeVar("_Answer")

LIMIT_S = 5.0
"""How long what a person waits for may take. Nothing that is written by hand takes a tenth of it."""

_AGAIN_S = 1.0
"""How often a thread is told to stop that has not."""

_running: set[int] = set()


class OverdueError(Exception):
    """A call took longer than it may."""


class _AbandonedError(BaseException):
    """Raised in the thread of a call that nobody waits for any more. No handler of errors keeps it."""


def call_in_thread(work: Callable[[], _Answer], limit: float = LIMIT_S) -> asyncio.Future[_Answer]:
    """Begin `work`. The future holds its result or error, or OverdueError once it took longer than `limit` seconds;
    then its thread is made to stop as soon as it runs Python code.

    To cancel the future ends the wait and not the work, which keeps its limit.
    """
    call = _Call(work)
    call.begin(limit)
    return call.future


def is_any_running() -> bool:
    """Whether a call goes on, awaited or abandoned."""
    return bool(_running)


class _Call:
    """One call. All but `_run` happens in the loop."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._loop = asyncio.get_running_loop()
        self._thread: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_over = False
        self.future: asyncio.Future[Any] = self._loop.create_future()
        self.future.add_done_callback(_note_error)

    def begin(self, limit: float) -> None:
        """Start the thread. Not by `threading`, which waits until it runs: beside a busy one that takes its time."""
        self._timer = self._loop.call_later(limit, self._abandon)
        self._thread = _thread.start_new_thread(self._run, ())

    def _run(self) -> None:
        own = _thread.get_ident()
        _running.add(own)
        try:
            self._report(*self._outcome())
        except _AbandonedError:
            pass
        finally:
            _running.discard(own)

    def _outcome(self) -> tuple[Any, BaseException | None]:
        try:
            return self._work(), None
        except _AbandonedError:
            raise
        except BaseException as error:  # noqa: BLE001 - it is whoever awaits the call who handles it
            return None, error

    def _report(self, result: Any, error: BaseException | None) -> None:
        self._is_over = True
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._settle, result, error)

    def _settle(self, result: Any, error: BaseException | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self.future.done():
            return
        if error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)

    def _abandon(self) -> None:
        if not self.future.done():
            self.future.set_exception(OverdueError())
        if self._is_over or self._thread is None:
            return
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), ctypes.py_object(_AbandonedError))
        self._timer = self._loop.call_later(_AGAIN_S, self._abandon)


def _note_error(future: asyncio.Future[Any]) -> None:
    """An error that nobody awaits any more is none."""
    if not future.cancelled():
        future.exception()
