"""Quick looks that save most of the work say what the thorough ones would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.spec import secrets
from engine.spec.locate import Steps, as_json, json_of, locate, span_at
from engine.syntax import View, parse
from tests.unit.syntax.strategies import near_yaml, valid_documents

ALIASES = st.sampled_from(["a: &x { b: [1, 2] }\nc: *x\n", "1: a\ntrue: [b]\n~: c\n'1': d\n", "a:\nb: ''\nc: [ , x]\n"])


def paths(value: Any, at: Steps = ()) -> list[Steps]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, (*at, "nowhere"), (*at, 9), *(path for step, each in inner for path in paths(each, (*at, step)))]


@given(st.one_of(valid_documents(), near_yaml, ALIASES))
def test_a_span_is_that_of_the_place(text: str) -> None:
    root = parse(text).root
    for steps in paths(as_json(root.value)) if root else ():
        assert root is not None
        assert span_at(root, steps) == locate(root, steps).span


@given(st.one_of(valid_documents(), near_yaml, ALIASES))
def test_a_value_that_is_json_already_is_what_would_be_made_of_it(text: str) -> None:
    root = parse(text).root
    for view in inner(root) if root else ():
        assert repr(json_of(view)) == repr(as_json(view.value))


def inner(view: View) -> Iterator[View]:
    yield view
    for each in (*view.items(), *(entry.value for entry in view.entries() if entry.value)):
        yield from inner(each)


@given(st.from_regex(secrets._FORMS), st.text(max_size=3), st.booleans())
def test_a_text_with_the_form_of_a_secret_gets_a_second_look(secret: str, around: str, deep: bool) -> None:
    text = f"{around} {secret} {around}"
    assert secrets.may_hold_secrets({"env": {"KEY": ["x", text]}} if deep else [text])


def test_a_header_with_credentials_gets_a_second_look() -> None:
    assert secrets.may_hold_secrets({"headers": {"Proxy-Authorization": "Basic dXNlcjpwYXNzd29yZA=="}})


def test_other_texts_get_no_second_look() -> None:
    assert not secrets.may_hold_secrets({"id": "a", "args": {"topic": "$args.topic", "risks": ["none"]}})
