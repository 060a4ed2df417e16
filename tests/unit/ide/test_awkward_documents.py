"""Completion and hover answer the same whatever else a document contains."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest

from oe_lsp.ide.completion.complete import complete
from oe_lsp.ide.hover.hover import hover
from tests.unit.ide.marked import CURSOR, FOLDER, at_cursor, cases

Change = Callable[[str], str]

AWKWARD: dict[str, Change] = {
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "a byte order mark": lambda text: f"\ufeff{text}",
    "signs that are no line breaks, in a comment": lambda text: f"# \u2028 🌦️é\t\x85 \x0c\n{text}",
    "signs that are no line breaks, in a value": lambda text: f'x-a: "\u2028 🌦️é"\n{text}',
    "a document marker": lambda text: f"---\n{text}",
    "a directive": lambda text: f"%YAML 1.2\n---\n{text}",
    "no break at the end": lambda text: text.rstrip("\n"),
    "a tab where none may be": lambda text: f"x-z:\n\t- a\n{text}",
    "brackets that are not closed, above": lambda text: f"x-z: [a, {{b: \n{text}",
    "brackets that are not closed, below": lambda text: f"{text.rstrip()}\nx-z: [a, {{b: \n",
    "a quote that is not closed, above": lambda text: f"x-z: 'a: b\n{text}",
    "a quote that is not closed, below": lambda text: f"{text.rstrip()}\nx-z: 'a\n",
    "an alias without an anchor": lambda text: f'x-z: "a: b\nx-y: *no\n{text}',
}


@pytest.mark.parametrize("change", AWKWARD.values(), ids=AWKWARD)
def test_offers_are_the_same(change: Change) -> None:
    for case in cases("completion"):
        changed = change(case.text)
        assert _labels(changed) == _labels(case.text) or CURSOR not in changed, case.title


@pytest.mark.parametrize("change", AWKWARD.values(), ids=AWKWARD)
def test_hovers_are_the_same(change: Change) -> None:
    for case in cases("hover"):
        changed = change(case.text)
        assert _shown(changed) == _shown(case.text) or CURSOR not in changed, case.title


@functools.cache
def _labels(text: str) -> list[str]:
    snapshot, offset = at_cursor(text)
    return [offer.label for offer in complete(snapshot, offset, FOLDER)]


@functools.cache
def _shown(text: str) -> str | None:
    found = hover(*at_cursor(text))
    return found.markdown if found else None
