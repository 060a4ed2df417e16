"""Servers that are compatible with a provider's API differ in what they leave out and how they write it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.llm.clients import anthropic_answers, anthropic_client, openai_answers, openai_client
from engine.llm.clients.connection import Reply
from engine.llm.clients.replies import read_reply
from engine.llm.protocol import LLMError, LLMRequest, LLMResponse, Message, Tool
from engine.log.secrets.masking import Secrets

TOOL = Tool("structured_output", "Gives the answer.", {"type": "object"})
PLAIN = LLMRequest("m", (Message("user", "Hello?"),), max_tokens=100)
WITH_TOOL = LLMRequest("m", (Message("user", "Hello?"),), max_tokens=100, tool=TOOL)


def completion(message: Any, request: LLMRequest = PLAIN, **body: Any) -> LLMResponse:
    written = {"choices": [{"message": message, "finish_reason": "stop"}], **body}
    return openai_answers.read_answer(written, request, priced=False)


def message(content: Any, request: LLMRequest = PLAIN, **body: Any) -> LLMResponse:
    return anthropic_answers.read_answer({"content": content, "stop_reason": "end_turn", **body}, request)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Hello", "Hello"),
        ([{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}], "Hello"),
        ([{"type": "output_text", "text": "Hello"}], "Hello"),
        ([{"text": "Hello"}], "Hello"),
        (["Hel", "lo"], "Hello"),
        ({"type": "text", "text": "Hello"}, "Hello"),
        ([{"type": "text", "text": {"value": "Hello", "annotations": []}}], "Hello"),
        (
            [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": "Hello"}],
            "Hello",
        ),
        ([{"type": "text", "text": "<think>Hm.</think>"}, {"type": "text", "text": "Hello"}], "Hello"),
        ([{"type": "text", "text": None}, {"type": "text"}, None, 7], ""),
        (None, ""),
        (7, ""),
    ],
)
def test_a_text_may_be_written_in_parts(content: Any, said: str) -> None:
    assert completion({"content": content, "reasoning_content": "Not this."}).text == said


@pytest.mark.parametrize(
    "calls",
    [
        {"tool_calls": [{"id": "1", "type": "function", "function": {"name": TOOL.name, "arguments": '{"n": 1}'}}]},
        {"tool_calls": [{"function": {"name": TOOL.name, "arguments": '{"n": 1}'}}]},
        {"tool_calls": [{"type": None, "function": {"name": TOOL.name, "arguments": {"n": 1}}}]},
        {"tool_calls": [{"type": "function", "function": {"arguments": {"n": 1}}}]},
        {"tool_calls": {"function": {"name": TOOL.name, "arguments": '{"n": 1}'}}},
        {"tool_calls": [{"name": TOOL.name, "arguments": '{"n": 1}'}]},
        {
            "tool_calls": [
                None,
                {"function": {"name": "other", "arguments": "{}"}},
                {"function": {"name": TOOL.name, "arguments": {"n": 1}}},
            ]
        },
        {"tool_calls": [{"function": {"name": TOOL.name, "arguments": '"{\\"n\\": 1}"'}}]},
        {"tool_calls": [{"function": {"name": TOOL.name, "arguments": '<think>1?</think>{"n": 1}'}}]},
        {"tool_calls": None, "function_call": {"name": TOOL.name, "arguments": '{"n": 1}'}},
    ],
    ids=lambda calls: json.dumps(calls)[:60],
)
def test_a_call_of_the_tool_may_be_written_in_many_ways(calls: dict[str, Any]) -> None:
    assert completion({"content": [{"type": "text", "text": "Here:"}], **calls}, WITH_TOOL).tool_input == {"n": 1}


@pytest.mark.parametrize("arguments", ['{"n": 1', "[3]", "3", '{"n": NaN}', ""])
def test_arguments_other_than_an_object_are_kept_as_text(arguments: str) -> None:
    call = {"function": {"name": TOOL.name, "arguments": arguments}}

    answer = completion({"content": None, "tool_calls": [call]}, WITH_TOOL)

    assert (answer.tool_input, answer.text) == (None, arguments)


def test_a_call_that_was_not_asked_for_is_no_text() -> None:
    call = {"function": {"name": "search", "arguments": "weather"}}

    assert completion({"content": "Sunny", "tool_calls": [call]}).text == "Sunny"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Hello", "Hello"),
        ([{"type": "text", "text": "Hel"}, {"text": "lo"}], "Hello"),
        ([{"type": "thinking", "thinking": "Hm.", "signature": "x"}, {"type": "text", "text": "Hello"}], "Hello"),
        ([{"type": "text", "text": None}, None], ""),
        (None, ""),
    ],
)
def test_a_text_of_a_message_may_be_written_in_many_ways(content: Any, said: str) -> None:
    assert message(content).text == said


@pytest.mark.parametrize("given_", [{"n": 1}, '{"n": 1}'])
def test_the_input_of_a_tool_may_be_an_object_or_its_text(given_: Any) -> None:
    assert message([{"type": "tool_use", "name": TOOL.name, "input": given_}], WITH_TOOL).tool_input == {"n": 1}


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 3}, (7, 3)),
        ({"input_tokens": 7, "output_tokens": 3}, (7, 3)),
        ({"prompt_tokens": 7.0, "completion_tokens": None}, (7, 0)),
        ({"prompt_tokens": "7", "completion_tokens": -3}, (0, 0)),
        ({"prompt_tokens": True, "completion_tokens": 1e300}, (0, 0)),
        (None, (0, 0)),
        ([], (0, 0)),
    ],
)
def test_usage_may_be_missing_or_odd(usage: Any, tokens: tuple[int, int]) -> None:
    answer = completion({"content": "ok"}, usage=usage, model=None)

    assert (answer.tokens_in, answer.tokens_out, answer.model) == (*tokens, "m")


OPENAI_BODY = {
    "id": "c1",
    "model": "m",
    "choices": [
        {
            "index": 0,
            "finish_reason": "tool_calls",
            "message": {
                "role": "assistant",
                "content": [{"type": "text", "text": "Hello"}],
                "refusal": None,
                "tool_calls": [{"type": "function", "function": {"name": TOOL.name, "arguments": "{}"}}],
            },
        }
    ],
    "usage": {"prompt_tokens": 7, "completion_tokens": 3},
    "error": None,
}
ANTHROPIC_BODY = {
    "type": "message",
    "model": "m",
    "content": [{"type": "text", "text": "Hello"}, {"type": "tool_use", "name": TOOL.name, "input": {}}],
    "stop_reason": "tool_use",
    "stop_details": {"explanation": None},
    "usage": {"input_tokens": 7, "output_tokens": 3, "cache_read_input_tokens": 0},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.data())
def test_any_field_value_gives_an_answer_or_a_typed_error(data: st.DataObject) -> None:
    body, format_, account, read = data.draw(
        st.sampled_from(
            [
                (OPENAI_BODY, openai_client.FORMAT, openai_client.ACCOUNT, _read_openai),
                (ANTHROPIC_BODY, anthropic_client.FORMAT, anthropic_client.ACCOUNT, anthropic_answers.read_answer),
            ]
        )
    )
    changed = _changed(body, data.draw(st.sampled_from(list(_paths(body)))), data.draw(JSON))
    request = data.draw(st.sampled_from([PLAIN, WITH_TOOL]))

    try:
        found = read_reply(Reply(200, {}, json.dumps(changed).encode()), format_, Secrets(), "host", account)
        answer = None if found.refusal is not None else read(found.content, request)
    except LLMError as error:
        answer = error.answer

    assert answer is None or isinstance(answer, LLMResponse)
    if answer is not None:
        assert isinstance(answer.text, str)
        assert answer.tool_input is None or isinstance(answer.tool_input, dict)
        assert min(answer.tokens_in, answer.tokens_out) >= 0


def _read_openai(body: Any, request: LLMRequest) -> LLMResponse:
    return openai_answers.read_answer(body, request, priced=True)


def _paths(value: Any) -> Iterator[tuple[Any, ...]]:
    yield ()
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from ((key, *path) for path in _paths(member))


def _changed(body: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    changed = copy.deepcopy(body)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = new
    return changed
