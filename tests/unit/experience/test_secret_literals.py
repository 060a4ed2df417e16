"""Secrets in the text of an experience are found by their form, wherever they are."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from engine.experience.reading import secret_literals
from engine.experience.reading.secret_literals import check_secrets
from engine.syntax import parse


@given(st.from_regex(secret_literals._FORMS), st.text(max_size=3), st.booleans())
def test_each_form_is_found_inside_other_text_and_at_any_depth(secret: str, around: str, deep: bool) -> None:
    text = f"{around} {secret} {around}"
    value = {"env": {"KEY": ["x", text]}} if deep else [text]
    root = parse(json.dumps(value, ensure_ascii=False)).root

    assert root is not None
    assert list(check_secrets(root, value))
