"""Quick looks that save most of the work say what the thorough ones would."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from engine.experience.reading import secret_literals
from engine.experience.source.locate import as_json, json_of, strings
from engine.syntax import View, parse
from tests.unit.syntax.strategies import near_yaml, valid_documents

ALIASES = st.sampled_from(["a: &x { b: [1, 2] }\nc: *x\n", "1: a\ntrue: [b]\n~: c\n'1': d\n", "a:\nb: ''\nc: [ , x]\n"])


@given(st.one_of(valid_documents(), near_yaml, ALIASES))
def test_a_value_that_is_json_already_is_what_would_be_made_of_it(text: str) -> None:
    root = parse(text).root
    for view in inner(root) if root else ():
        assert repr(json_of(view)) == repr(as_json(view.value))


def inner(view: View) -> Iterator[View]:
    yield view
    for each in (*view.items(), *(entry.value for entry in view.entries() if entry.value)):
        yield from inner(each)


def may_hold_secrets(value: Any) -> bool:
    """As in a file: with escapes, or as it is."""
    view = parse(json.dumps(value, ensure_ascii=False)).root
    assert view is not None
    return secret_literals.may_hold_secrets(view, value)


@given(st.from_regex(secret_literals._FORMS), st.text(max_size=3), st.booleans())
def test_a_text_with_the_form_of_a_secret_gets_a_second_look(secret: str, around: str, deep: bool) -> None:
    text = f"{around} {secret} {around}"
    assert may_hold_secrets({"env": {"KEY": ["x", text]}} if deep else [text])


@given(st.one_of(valid_documents(), near_yaml, ALIASES))
def test_what_a_value_says_in_one_word_is_seen_without_reading_the_value(text: str) -> None:
    root = parse(text).root
    for view in inner(root) if root else ():
        value = as_json(view.value) if view.is_json else None  # other keys get other names, such as `null`
        for word in {word for each in strings(value) for word in re.findall(r"[\w-]{3,}", each)}:
            with patch.object(secret_literals, "_MARK", re.compile(re.escape(word))):
                assert secret_literals.may_hold_secrets(view, value), word


def test_what_an_alias_stands_for_is_looked_at() -> None:
    root = parse("a: &key ghp_0\nb: { c: *key }\n").root
    view = root.get("b") if root else None
    assert view is not None
    assert secret_literals.may_hold_secrets(view, as_json(view.value))


def test_a_header_with_credentials_gets_a_second_look() -> None:
    assert may_hold_secrets({"headers": {"Proxy-Authorization": "Basic dXNlcjpwYXNzd29yZA=="}})


def test_other_texts_get_no_second_look() -> None:
    assert not may_hold_secrets({"id": "a", "args": {"topic": "$args.topic", "risks": ["none"]}})
