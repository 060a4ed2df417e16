"""The codes that the comments in the registry of checks name are those that each check can report."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

import pytest

from engine.experience.checks import registry
from engine.experience.problems import Code

CHECKS: dict[str, Callable[..., Any]] = {
    check.__name__: check
    for checks in (*registry.ITEM_CHECKS.values(), registry.DOCUMENT_CHECKS, registry.FLOW_CHECKS)
    for check in checks
}
COMMENTS = dict(re.findall(r"(check_\w+),\)*,?  # (OE.*)", inspect.getsource(registry)))


@pytest.mark.parametrize("name", CHECKS)
def test_the_comment_at_a_check_names_its_codes(name: str) -> None:
    assert COMMENTS[name].split(", ") == sorted(_codes_of(CHECKS[name], set()))


def _codes_of(function: Callable[..., Any], seen: set[object]) -> set[str]:
    """The codes that a function mentions, and those of the functions of engine.experience that it mentions."""
    seen.add(function)
    assert isinstance(function, FunctionType)
    names = set(_names_in(function.__code__))
    mentioned = [function.__globals__.get(name) for name in names]
    called = [each for each in mentioned if isinstance(each, FunctionType) and each not in seen]
    own = [each for each in called if each.__module__.startswith("engine.experience")]
    codes = {Code[name].value for name in names & Code.__members__.keys()}
    return codes.union(*(_codes_of(each, seen) for each in own))


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)
