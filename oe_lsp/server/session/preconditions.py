"""What must hold before a run starts. Some of it only the user knows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from msgspec import Struct


class Start(Struct, frozen=True):
    """A run that is about to start: of the experience at `uri` and `path`, by `oe COMMAND`."""

    uri: str
    path: Path
    run_id: str
    command: tuple[str, ...]


Ask = Callable[[], Awaitable["Start | None"]]
"""Asks the user, and returns what to start then; None for nothing. Raises RequestFailedError where it cannot ask."""


class Precondition(Protocol):
    """One thing that must hold."""

    async def check(self, start: Start) -> Ask | None:
        """See to it that it holds; return how to ask where the user must decide.

        Raises RequestFailedError, with the reason, where the run must not start.
        """
