"""What scalars are under the core schema of YAML 1.2, and what a tree says as plain data."""

from __future__ import annotations

import math
from typing import Any

import pytest

from engine.syntax import parse
from tests.unit.syntax.shape import same_data


def value_of(text: str) -> Any:
    tree = parse(text)
    assert tree.problems == ()
    return tree.root.value if tree.root else None


@pytest.mark.parametrize(
    ("source", "value"),
    [
        *[(word, word) for word in ("yes", "no", "on", "off", "Yes", "y", "2024-01-01", "12:30:45", "1_000", "0b1")],
        *[("true", True), ("True", True), ("TRUE", True), ("tRUE", "tRUE"), ("false", False)],
        *[("~", None), ("null", None), ("Null", None), ("NULL", None), ("nULL", "nULL"), ("''", "")],
        *[("0", 0), ("-12", -12), ("+12", 12), ("017", 17), ("0o17", 15), ("0xFf", 255), ("-0x1", "-0x1")],
        *[("1.", 1.0), (".5", 0.5), ("-.5e-3", -0.0005), ("1e3", 1000.0), (".", "."), ("1e", "1e"), ("+", "+")],
        *[(".inf", math.inf), ("-.INF", -math.inf), ("+.Inf", math.inf), (".NaN", math.nan), (".iNF", ".iNF")],
        *[("'1'", "1"), ('"true"', "true"), ("!!str 1", "1"), ("!!int '1'", 1), ("!!float 1", 1.0), ("! 1", "1")],
        *[("9" * 5000, math.inf), ("0x" + "F" * 20, 16**20 - 1), ("٣", "٣")],
    ],
)
def test_a_scalar_has_its_value_of_the_core_schema(source: str, value: Any) -> None:
    assert same_data(value_of(f"a: {source}\n"), {"a": value})


def test_nothing_after_a_key_or_dash_is_null() -> None:
    assert value_of("a:\nb:\n  -\n  - x\n") == {"a": None, "b": [None, "x"]}


def test_a_merge_key_is_an_ordinary_key() -> None:
    assert value_of("a: &x {b: 1}\nc:\n  <<: *x\n") == {"a": {"b": 1}, "c": {"<<": {"b": 1}}}


@pytest.mark.parametrize("text", ["", "\ufeff", "# comment\n", "---\n", "---\n...\n", " \n  \n"])
def test_a_text_that_says_nothing_has_no_root(text: str) -> None:
    tree = parse(text)
    assert (tree.root, tree.problems) == (None, ())


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings_do_not_change_values(ending: str) -> None:
    text = ending.join(["a: |", "  x", "  y", "b:", "- c: 1", "  d: 2", "e: f", "  g", ""])
    assert value_of(text) == {"a": "x\ny\n", "b": [{"c": 1, "d": 2}], "e": "f g"}
