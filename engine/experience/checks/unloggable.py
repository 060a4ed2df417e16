"""Values that no log can hold, which a run refuses (OE203): NaN, Infinity, lone surrogates, integers beyond 2^53.

The rule is that of engine/canonical.py (docs/design.md, The run log).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from engine.canonical import NotJsonError, canonical
from engine.experience.problems import Code, Problem, Severity
from engine.experience.source.locate import key_text
from engine.syntax import NodeKind, View

_CANDIDATE = re.compile(r"\.(?:nan|inf)\b|[0-9]{16}|0[xo]|[0-9.][eE][+-]?[0-9]|\\[uU]", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")


def check_values(root: View, text: str) -> Iterator[Problem]:
    """Each scalar, keys included, that JSON cannot hold. Nearly every text is done with at one look."""
    if not _CANDIDATE.search(text) and not _SURROGATE.search(text):
        return
    for scalar, value in _scalars(root):
        try:
            canonical(value)
        except NotJsonError:
            yield Problem(Code.WRONG_VALUE, Severity.ERROR, _why(value), scalar.span)


def _why(value: Any) -> str:
    if isinstance(value, str):
        return "this text holds half of a surrogate pair, which no log can hold; write the whole character"
    if isinstance(value, int):
        return "an integer beyond 2^53 would be rounded; put it in quotes"
    return "no log can hold infinity, or what is not a number; write a number, or put it in quotes"


def _scalars(root: View) -> Iterator[tuple[View, Any]]:
    """Every scalar in the text, with what it is in JSON. What an alias stands for is written where it is marked."""
    left = [root]
    while left:
        view = left.pop()
        if view.kind is NodeKind.SCALAR:
            yield view, view.value
            continue
        left += view.items()
        for entry in view.entries():
            if entry.key.kind is NodeKind.SCALAR:
                yield entry.key, key_text(entry.key)
            if entry.value is not None:
                left.append(entry.value)
