"""Finds what a tool left behind that cannot be put back, so that its process must not be used again."""

from __future__ import annotations

import _thread
import os
import resource
import sys

del sys.modules["resource"]  # so that its presence shows that a tool imported it

_LIMITS = tuple(getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_"))


class Leftovers:
    """Compares the process with its state before any tool ran."""

    def __init__(self) -> None:
        self._place = _place()
        self._limits = _limits()
        self._threads = _thread._count()

    def found(self) -> str | None:
        """Describes what was left behind; None if the process can be used again."""
        if _thread._count() != self._threads:
            return "a thread still runs"
        if _has_children():
            return "a process that it started still runs"
        if _place() != self._place:
            return "its priority or its process group changed"
        if "resource" in sys.modules and _limits() != self._limits:
            return "its resource limits changed"
        return None


def _has_children() -> bool:
    """Tells whether there is a child process, running or not waited for."""
    try:
        if hasattr(os, "waitid"):
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        else:
            os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


def _place() -> tuple[int, int, int, int]:
    return os.nice(0), os.getpgrp(), os.getuid(), os.getgid()


def _limits() -> list[tuple[int, int]]:
    return [resource.getrlimit(limit) for limit in _LIMITS]
