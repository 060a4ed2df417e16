"""Pauses the garbage collector while long-lived objects are built, which it would scan again and again.

Halves the time for reading a log of ten thousand nodes and planning with it.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


def collect_from_now_on() -> None:
    """Enable the collector for new objects only; present ones live as long as the process.

    For long-running commands, since `oe` starts with the collector disabled (engine.cli.entrypoint).
    """
    gc.freeze()
    gc.enable()


@contextlib.contextmanager
def paused_collector() -> Iterator[None]:
    """Disables the collector meanwhile. May be nested, and used by several threads."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
