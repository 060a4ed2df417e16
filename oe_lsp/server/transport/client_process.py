"""Waits for the end of the client's process, with which a server should end (LSP 3.17, InitializeParams.processId)."""

from __future__ import annotations

import asyncio
import os

_POLL_S = 2.0
"""How often to look where the system cannot report that a process has ended."""


async def wait_for_exit(pid: int) -> None:
    """Return when the process has ended. Raises ProcessLookupError where this system has no such process.

    The id may come from another machine or container.
    """
    if pid <= 0:
        raise ProcessLookupError
    descriptor = _open_pidfd(pid)
    if descriptor is None:
        await _poll_until_exit(pid)
        return
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _open_pidfd(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends; None where there are none (before Linux 5.3)."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except OverflowError:
        raise ProcessLookupError from None
    except (AttributeError, OSError):
        return None


async def _poll_until_exit(pid: int) -> None:
    _require_process(pid)
    while True:
        await asyncio.sleep(_POLL_S)
        try:
            _require_process(pid)
        except ProcessLookupError:
            return


def _require_process(pid: int) -> None:
    """Raises ProcessLookupError where there is no such process."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        pass  # another user's
    except OverflowError:
        raise ProcessLookupError from None
