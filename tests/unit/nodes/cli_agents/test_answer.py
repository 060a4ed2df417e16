"""What coding agents print, read as one JSON object."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.nodes.cli_agents.answer import NotAnObjectError, read_object
from engine.nodes.cli_agents.envelope import open_envelope

OBJECTS = [
    ("alone", '{"a": 1}'),
    ("between blank lines", '\n\n  {"a": 1}\n\n'),
    ("in a fenced block", '```json\n{"a": 1}\n```'),
    ("in a fenced block without a language", 'Here it is:\n\n```\n{"a": 1}\n```\nAnything else?'),
    ("in the fenced block that is JSON", 'Run\n```\nmake\n```\nand you get\n```JSON\n{"a": 1}\n```'),
    ("in an indented block with Windows line ends", '- so:\r\n  ```json\r\n  {"a": 1}\r\n  ```\r\n'),
    ("within prose", 'The answer is {"a": 1}, as you see.'),
    ("within a result", json.dumps({"result": '{"a": 1}'})),
    ("behind a byte order mark", '\ufeff{"a": 1}'),
    ("in colours", '\x1b[32m{"a": \x1b[1m1\x1b[0m}\n'),
    ("below a banner", 'Now using node v20 (npm v10)\n{"a": 1}\n'),
    ("below a banner with braces", 'Loading {config}\n{\n  "a": 1\n}\n[info] {done}\n'),
    ("behind thoughts with an object", '<think>Maybe {"a": 0}?</think>\n{"a": 1}\n'),
    ("below an object in a sentence", 'It was {"a": 0} before, and now it is:\n{"a": 1}\n'),
    ("within a fenced block within a response", json.dumps({"response": '```json\n{"a": 1}\n```', "stats": {}})),
]


@pytest.mark.parametrize("text", [text for _, text in OBJECTS], ids=[name for name, _ in OBJECTS])
def test_an_object_is_found(text: str) -> None:
    assert read_object(text) == {"a": 1}


REFUSED = [
    ("", "is empty"),
    ("  \n", "is empty"),
    ("I could not find any problem.", "is not valid JSON"),
    ('{"a": 1', "ends in the middle of a JSON object"),
    ('{"b": {"a": 1}, "c": ', "ends in the middle of a JSON object"),
    ('Hi\n{"b": [{"a": 1},', "ends in the middle of a JSON object"),
    ('<think>Maybe {"a": 1}?</think>\n', "is empty"),
    ('<think>Maybe {"a": 1}? Or', "is empty"),
    ('{"a": 1} {"a": 2}', "contains several JSON objects"),
    ('{"level": "info"}\n{"a": 1}\n', "contains several JSON objects"),
    ('{"a": NaN}', "is not valid JSON"),
    ("[" * 100_000, "is not valid JSON"),
    ('```json\n{"a": }\n```', "is not valid JSON"),
    ("[1, 2]", "is JSON, but not an object"),
    ('[{"a": 1}]', "is JSON, but not an object"),
    ('```json\n[{"a": 1}]\n```', "is JSON, but not an object"),
    ('Two: [{"a": 1}]', "is not valid JSON"),
    ('"text"', "is JSON, but not an object"),
]


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_other_text_is_an_error_with_its_beginning_and_likely_causes(text: str, reason: str) -> None:
    with pytest.raises(NotAnObjectError) as raised:
        read_object(text)

    message = str(raised.value)
    assert f"the answer {reason}" in message
    assert "ask in the prompt for one JSON object" in message
    assert message.endswith(text.strip()[:200]) or reason == "is empty"
    assert len(message) < 450


def test_a_result_that_is_the_answer_itself_is_left_alone() -> None:
    assert read_object('{"result": "all green"}') == {"result": "all green"}


def test_a_requested_result_is_not_unwrapped_whatever_it_quotes() -> None:
    text = json.dumps({"result": 'use {"a": 1}', "b": 2})

    assert read_object(text, ("result",)) == read_object(text, ("b",)) == json.loads(text)
    assert read_object(text, ("a",)) == {"a": 1}


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text(), max_size=4))
def test_every_object_is_found_alone_fenced_and_in_an_envelope(value: dict[str, object]) -> None:
    text = json.dumps(value)
    found = read_object(text)  # a text in `result` may stand for another object

    assert read_object(f"```json\n{text}\n```") == found
    envelope = open_envelope(json.dumps({"type": "result", "subtype": "success", "result": text}))
    assert envelope is not None
    assert isinstance(envelope.answer, str)
    assert read_object(envelope.answer) == found
