"""How much a check of a value may do: a schema of a few lines can ask for more than anyone can wait for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from msgspec import Struct


class TooManyStepsError(Exception):
    """A check was given up."""


class _Steps(Struct):
    left: int


_STEPS: ContextVar[_Steps] = ContextVar("steps")


@contextmanager
def at_most(steps: int) -> Iterator[None]:
    """What is checked inside raises TooManyStepsError when it has spent more than `steps`."""
    token = _STEPS.set(_Steps(steps))
    try:
        yield
    finally:
        _STEPS.reset(token)


def spend(steps: int) -> None:
    """Count what is done inside `at_most`. Raises TooManyStepsError."""
    here = _STEPS.get()
    here.left -= steps
    if here.left < 0:
        raise TooManyStepsError
