"""What coding agents print, read as one JSON object."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.log.events import Metrics
from engine.nodes.cli_answer import NotAnObjectError, open_envelope, read_object

OBJECTS = [
    ("alone", '{"a": 1}'),
    ("between blank lines", '\n\n  {"a": 1}\n\n'),
    ("in a fenced block", '```json\n{"a": 1}\n```'),
    ("in a fenced block without a language", 'Here it is:\n\n```\n{"a": 1}\n```\nAnything else?'),
    ("in the fenced block that is JSON", 'Run\n```\nmake\n```\nand you get\n```JSON\n{"a": 1}\n```'),
    ("in an indented block with Windows line ends", '- so:\r\n  ```json\r\n  {"a": 1}\r\n  ```\r\n'),
    ("within prose", 'The answer is {"a": 1}, as you see.'),
    ("within a result", json.dumps({"result": '{"a": 1}'})),
    ("within a fenced block within a response", json.dumps({"response": '```json\n{"a": 1}\n```', "stats": {}})),
]


@pytest.mark.parametrize("text", [text for _, text in OBJECTS], ids=[name for name, _ in OBJECTS])
def test_an_object_is_found(text: str) -> None:
    assert read_object(text) == {"a": 1}


REFUSED = [
    ("", "is empty"),
    ("  \n", "is empty"),
    ("I could not find any problem.", "is not valid JSON"),
    ('{"a": 1', "is not valid JSON"),
    ('{"a": 1} {"a": 2}', "is not valid JSON"),
    ('{"a": NaN}', "is not valid JSON"),
    ("[" * 100_000, "is not valid JSON"),
    ('```json\n{"a": }\n```', "is not valid JSON"),
    ("[1, 2]", "is JSON, but no object"),
    ('[{"a": 1}]', "is JSON, but no object"),
    ('```json\n[{"a": 1}]\n```', "is JSON, but no object"),
    ('Two: [{"a": 1}]', "is not valid JSON"),
    ('"text"', "is JSON, but no object"),
]


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_anything_else_is_refused_with_its_beginning_and_what_may_have_caused_it(text: str, reason: str) -> None:
    with pytest.raises(NotAnObjectError) as raised:
        read_object(text)

    message = str(raised.value)
    assert f"the answer {reason}" in message
    assert "ask in the prompt for one JSON object" in message
    assert message.endswith(text.strip()[:200]) or not text.strip()
    assert len(message) < 450


def test_a_result_that_is_the_answer_itself_is_left_alone() -> None:
    assert read_object('{"result": "all green"}') == {"result": "all green"}


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text(), max_size=4))
def test_every_object_is_found_alone_fenced_and_in_an_envelope(value: dict[str, object]) -> None:
    text = json.dumps(value)
    found = read_object(text)  # a text in `result` may stand for another object

    assert read_object(f"```json\n{text}\n```") == found
    envelope = open_envelope(json.dumps({"type": "result", "subtype": "success", "result": text}))
    assert envelope is not None
    assert isinstance(envelope.answer, str)
    assert read_object(envelope.answer) == found


def test_an_envelope_holds_the_answer_and_what_it_cost() -> None:
    text = json.dumps(
        {
            "type": "result",
            "subtype": "success",
            "is_error": False,
            "result": "hello",
            "total_cost_usd": 0.5,
            "usage": {"input_tokens": 1, "cache_read_input_tokens": 2, "output_tokens": 4, "server_tool_use": {}},
            "modelUsage": {"claude-sonnet-4-6": {}},
        }
    )

    for printed in (text, f'[{{"type": "system"}}, {text}]'):
        envelope = open_envelope(printed)

        assert envelope is not None
        assert (envelope.answer, envelope.error) == ("hello", None)
        assert envelope.metrics == Metrics(3, 4, 0.5, "claude-sonnet-4-6")


FAILED = [
    ({"is_error": True, "subtype": "success", "result": "Invalid API key"}, "Invalid API key"),
    ({"is_error": False, "subtype": "error_max_turns"}, "error_max_turns"),
    ({"is_error": True}, "no reason given"),
]


@pytest.mark.parametrize(("fields", "error"), FAILED)
def test_an_envelope_tells_an_error(fields: dict[str, object], error: str) -> None:
    envelope = open_envelope(json.dumps({"type": "result", **fields}))

    assert envelope is not None
    assert envelope.error == error
    assert envelope.metrics is None


@pytest.mark.parametrize("text", ["", "hello", "[]", "[1]", '{"result": "hello"}', '{"type": "message"}', "null"])
def test_other_texts_are_no_envelope(text: str) -> None:
    assert open_envelope(text) is None


def test_an_answer_that_the_program_itself_structured_needs_no_reading() -> None:
    envelope = open_envelope('{"type": "result", "result": "done", "structured_output": {"a": 1}}')

    assert envelope is not None
    assert envelope.answer == {"a": 1}
