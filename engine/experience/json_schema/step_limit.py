"""Limits the steps of a validation: a schema of a few lines can require exponential time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from msgspec import Struct, field


class TooManyStepsError(Exception):
    """A validation exceeded its limit."""


class _Steps(Struct):
    left: int
    sets: dict[int, frozenset[Any]] = field(default_factory=dict)


_STEPS: ContextVar[_Steps] = ContextVar("steps")


@contextmanager
def at_most(steps: int) -> Iterator[None]:
    """Limits the validation inside to `steps`; beyond, `spend` raises TooManyStepsError."""
    token = _STEPS.set(_Steps(steps))
    try:
        yield
    finally:
        _STEPS.reset(token)


def as_set(values: Sequence[Any], key: Callable[[Any], Any]) -> frozenset[Any]:
    """The keys of values, computed once. The values must not change inside `at_most`."""
    known = _STEPS.get().sets
    if id(values) not in known:
        known[id(values)] = frozenset(map(key, values))
    return known[id(values)]


def spend(steps: int) -> None:
    """Counts steps inside `at_most`. Raises TooManyStepsError."""
    here = _STEPS.get()
    here.left -= steps
    if here.left < 0:
        raise TooManyStepsError
