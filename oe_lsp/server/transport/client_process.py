"""The process of the client, which LSP has a server outlive by nothing (`InitializeParams.processId`)."""

from __future__ import annotations

import asyncio
import os

_SECONDS = 2.0
"""Between two looks, where the system tells nobody that a process has ended."""


async def until_gone(pid: int) -> None:
    """Returns when the process has ended. Raises ProcessLookupError where there is none, now, that this system knows.

    Of another machine or container, a process id says nothing here.
    """
    if pid <= 0:
        raise ProcessLookupError
    descriptor = _descriptor_of(pid)
    if descriptor is None:
        await _look_until_gone(pid)
        return
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _descriptor_of(pid: int) -> int | None:
    """What becomes readable when the process ends; None where the system has no such thing (before Linux 5.3)."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except OverflowError:
        raise ProcessLookupError from None
    except (AttributeError, OSError):
        return None


async def _look_until_gone(pid: int) -> None:
    _require(pid)
    while True:
        await asyncio.sleep(_SECONDS)
        try:
            _require(pid)
        except ProcessLookupError:
            return


def _require(pid: int) -> None:
    """Raises ProcessLookupError where there is no such process."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        pass  # somebody else's
    except OverflowError:
        raise ProcessLookupError from None
