"""Calls functions in threads of their own, with a time limit after which a call is abandoned.

An executor would not do: the process waits for its threads when it ends, and a few endless analyses would occupy all.
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
"""How long a user may wait. No experience written by hand takes a tenth of it."""

_RETRY_S = 1.0
"""How long to wait for an abandoned thread to stop before it is stopped again."""

_running: set[int] = set()


class OverdueError(Exception):
    """A call took longer than its limit."""


class _AbandonedError(BaseException):
    """Raised in the thread of an abandoned call. Not an Exception, so that no handler swallows it."""


def call_in_thread(work: Callable[[], _Answer], limit: float = LIMIT_S) -> asyncio.Future[_Answer]:
    """Start `work`. The future gets its result or error, or OverdueError after `limit` seconds; the thread then stops
    when it next runs Python code.

    Cancelling the future does not stop the work before its limit.
    """
    call = _Call(work)
    call.start(limit)
    return call.future


def is_any_running() -> bool:
    """True while a call runs, awaited or abandoned."""
    return bool(_running)


class _Call:
    """One call. Only `_run` and what it calls is in the thread."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._loop = asyncio.get_running_loop()
        self._thread: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_over = False
        self.future: asyncio.Future[Any] = self._loop.create_future()
        self.future.add_done_callback(_note_error)

    def start(self, limit: float) -> None:
        """Start the thread. Not with `threading`, which waits until it runs: that takes long beside a busy one."""
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
        except BaseException as error:  # noqa: BLE001 - handled by the caller, who awaits the future
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
        self._timer = self._loop.call_later(_RETRY_S, self._abandon)


def _note_error(future: asyncio.Future[Any]) -> None:
    """Retrieve the error, so that asyncio does not log one that nobody awaits."""
    if not future.cancelled():
        future.exception()
