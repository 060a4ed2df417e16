"""How much a check of a value may do: a schema of a few lines can ask for more than anyone can wait for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from msgspec import Struct, field


class TooManyStepsError(Exception):
    """A check was given up."""


class _Steps(Struct):
    left: int
    sets: dict[int, frozenset[Any]] = field(default_factory=dict)


_STEPS: ContextVar[_Steps] = ContextVar("steps")


@contextmanager
def at_most(steps: int) -> Iterator[None]:
    """What is checked inside raises TooManyStepsError when it has spent more than `steps`."""
    token = _STEPS.set(_Steps(steps))
    try:
        yield
    finally:
        _STEPS.reset(token)


def as_set(values: Sequence[Any], key: Callable[[Any], Any]) -> frozenset[Any]:
    """The keys of values that stay as they are as long as `at_most` goes on; made once."""
    known = _STEPS.get().sets
    if id(values) not in known:
        known[id(values)] = frozenset(map(key, values))
    return known[id(values)]


def spend(steps: int) -> None:
    """Count what is done inside `at_most`. Raises TooManyStepsError."""
    here = _STEPS.get()
    here.left -= steps
    if here.left < 0:
        raise TooManyStepsError
