"""Secrets in the text of an experience are found by their form, wherever they are."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experience.reading import secret_literals
from engine.experience.reading.secret_literals import check_secrets, may_hold_secrets
from engine.experience.source.locate import as_json, texts
from engine.syntax import parse


@given(st.from_regex(secret_literals._FORMS), st.text(max_size=3), st.booleans())
def test_each_form_is_found_inside_other_text_and_at_any_depth(secret: str, around: str, deep: bool) -> None:
    text = f"{around} {secret} {around}"
    value = {"env": {"KEY": ["x", text]}} if deep else [text]
    root = parse(json.dumps(value, ensure_ascii=False)).root

    assert root is not None
    assert list(check_secrets(root, value))


KEY = "ghp_" + "a1" * 18


@pytest.mark.parametrize(
    "text",
    [
        f"a: {KEY}",
        f"a: see {KEY}\n  and more",
        f"a: |2\n    {KEY}",
        f'a: "\\x67{KEY[1:]}"',
        f'a: "{KEY[:9]}\\\n  {KEY[9:]}"',
        f"{KEY}: a",
    ],
    ids=["plain", "two lines", "a block", "an escape", "an escaped line break", "a key"],
)
def test_it_is_found_however_yaml_writes_it(text: str) -> None:
    root = parse(text).root
    assert root is not None

    value = as_json(root.value)

    assert bool(list(check_secrets(root, value))) is any(KEY in found for _, found in texts(value))
    assert may_hold_secrets(root)
