"""Values that cannot be logged, so that a run refuses them (OE203): NaN, infinity, lone surrogates, huge integers.

The rule is that of engine/canonical.py (docs/design.md, The run log).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from engine.canonical import NotJsonError, canonical
from engine.experience.problems import Code, Problem, Severity
from engine.experience.source.locate import key_text
from engine.syntax import Green, NodeKind, View

_CANDIDATE = re.compile(
    r"[.0-9\\](?:"  # what all begin with, so that a search skips most of a text
    r"(?<=\.)(?:nan|NaN|NAN|inf|Inf|INF)\b"
    r"|(?<=[0-9.])[eE][+-]?[0-9]"
    r"|(?<=[0-9])[0-9]{15}"
    r"|(?<=0)[xo]"
    r"|(?<=\\)[uU])"
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def unloggable_in_item(*views: View) -> Iterator[Problem]:
    """The problems of one item. A search of its text suffices for nearly every item."""
    for view in views:
        text = view.text
        if _CANDIDATE.search(text) or (not text.isascii() and _SURROGATE.search(text)):
            yield from unloggable_outside((), view)


def unloggable_outside(items: Collection[Green], *views: View) -> Iterator[Problem]:
    """The problems of each scalar, keys included, outside the collections `items`."""
    for view in views:
        for scalar, value in _scalars(view, items):
            try:
                canonical(value)
            except NotJsonError:
                yield Problem(Code.WRONG_VALUE, Severity.ERROR, _why(value), scalar.span)


def _why(value: Any) -> str:
    if isinstance(value, str):
        return "this text contains half of a surrogate pair, which cannot be logged; write the whole character"
    if isinstance(value, int):
        return "integers beyond 2^53 would be rounded; put it in quotes"
    return "infinity and NaN cannot be logged; write a number, or put the value in quotes"


def _scalars(root: View, outside: Collection[Green]) -> Iterator[tuple[View, Any]]:
    """Every scalar in the text, with its value in JSON; the value of an alias is found at its anchor."""
    left = [root]
    while left:
        view = left.pop()
        if view.green in outside:
            continue
        if view.kind is NodeKind.SCALAR:
            yield view, view.value
            continue
        left += view.items()
        for entry in view.entries():
            if entry.key.kind is NodeKind.SCALAR:
                yield entry.key, key_text(entry.key)
            if entry.value is not None:
                left.append(entry.value)
