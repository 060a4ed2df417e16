"""Any text has a tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.syntax import parse
from tests.unit.syntax.corpus import TEXTS
from tests.unit.syntax.strategies import near_yaml


def read_everything(text: str) -> None:
    tree = parse(text)
    for offset in range(0, len(text) + 1, 7):
        for view in tree.node_at(offset):
            assert view.text is not None
            assert view.value == view.value or view.value != view.value


@given(st.text(st.characters(codec=None), max_size=60) | near_yaml)
def test_any_text_has_a_tree(text: str) -> None:
    read_everything(text)


@pytest.mark.parametrize("step", [11, pytest.param(1, marks=pytest.mark.long)])
def test_any_beginning_and_any_rest_of_a_text_has_a_tree(step: int) -> None:
    for text in TEXTS:
        for cut in range(0, len(text), step):
            print(cut, text)
            read_everything(text[:cut])
            read_everything(text[cut:])


@given(st.sampled_from(TEXTS), st.floats(0, 1), st.sampled_from(["\t", "\x00", '"', "[", "\ud800", "&a", "\r", "|"]))
def test_a_text_with_one_character_put_in_has_a_tree(text: str, at: float, character: str) -> None:
    cut = int(at * len(text))
    read_everything(text[:cut] + character + text[cut:])


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 20_000, "{a: " * 50_000, '"' + "x\n" * 50_000, "? " * 20_000])
def test_a_hostile_text_has_a_tree(text: str) -> None:
    assert parse(text).problems
