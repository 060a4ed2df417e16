"""A call in a thread returns, raises, or is abandoned (oe_lsp/server/session/thread_calls.py)."""

from __future__ import annotations

import asyncio
from threading import Event, get_ident

import pytest

from oe_lsp.server.session.thread_calls import OverdueError, call_in_thread, is_any_running

SECONDS = 10


async def test_the_result_comes_from_another_thread() -> None:
    assert await call_in_thread(get_ident) != get_ident()


async def test_an_error_is_raised_to_the_caller() -> None:
    with pytest.raises(ValueError, match="a mistake"):
        await call_in_thread(lambda: int("a mistake"))


async def test_an_overdue_call_raises_and_its_thread_stops() -> None:
    stopped = Event()

    def never_ends() -> None:
        try:
            while True:
                try:
                    while True:
                        pass
                except Exception:  # noqa: BLE001 - no handler of errors keeps it from stopping
                    continue
        finally:
            stopped.set()

    with pytest.raises(OverdueError):
        await call_in_thread(never_ends, limit=0.05)

    assert await asyncio.to_thread(stopped.wait, SECONDS)


async def test_a_cancelled_call_stops_at_its_limit() -> None:
    begun, stopped = Event(), Event()

    def never_ends() -> None:
        begun.set()
        try:
            while True:
                pass
        finally:
            stopped.set()

    waiting = asyncio.ensure_future(asyncio.wait_for(call_in_thread(never_ends, limit=0.2), SECONDS))
    assert await asyncio.to_thread(begun.wait, SECONDS)
    assert is_any_running()
    waiting.cancel()

    assert await asyncio.to_thread(stopped.wait, SECONDS)
