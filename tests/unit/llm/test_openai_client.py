"""The real SDK against a local server that speaks chat completions: what goes out, what comes back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from engine.llm.clients.api_client import ApiClient
from engine.llm.clients.openai_client import connect
from engine.llm.protocol import (
    AuthFailedError,
    BadRequestError,
    ConnectionFailedError,
    EnvironmentVariableError,
    InterruptedAnswerError,
    LLMError,
    LLMRequest,
    LLMResponse,
    MalformedReplyError,
    Message,
    MissingKeyError,
    MissingLibraryError,
    RateLimitedError,
    ServerFailedError,
    SpendLimitError,
    Tool,
    UnknownModelError,
    UnreachableError,
)
from tests.standins.openai_api import OpenAIApi, refuses, status, text, tool_call
from tests.standins.proxies import SocksProxy
from tests.standins.scripted_api import Answer, Script

KEY = "sk-of-this-test"
TOOL = Tool("structured_output", "Gives the answer.", {"type": "object"})
PLAIN = LLMRequest("gpt-4o", (Message("user", "Hello?"),), max_tokens=100)
WITH_TOOL = LLMRequest("gpt-4o", (Message("user", "Hello?"),), max_tokens=100, tool=TOOL)

Serve = Callable[..., OpenAIApi]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(*script: Script) -> OpenAIApi:
            api = stack.enter_context(OpenAIApi(*script))
            monkeypatch.setenv("OPENAI_BASE_URL", api.base_url)
            monkeypatch.setenv("OPENAI_API_KEY", KEY)
            return api

        yield start


@pytest.fixture
async def client() -> AsyncIterator[ApiClient]:
    client = connect()
    yield client
    await client.close()


async def test_a_text_answer_comes_back_with_its_tokens(serve: Serve, client: ApiClient) -> None:
    serve(text("Hello ☃", tokens=(7, 3)))

    answer = await client.complete(PLAIN)

    assert answer == LLMResponse("Hello ☃", None, "end_turn", 7, 3, "gpt-4o", raw=answer.raw)
    assert answer.raw["usage"] == {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}


async def test_only_what_the_request_names_is_sent(serve: Serve, client: ApiClient) -> None:
    api = serve(text("ok"))

    await client.complete(PLAIN)

    assert api.requests == [{"model": "gpt-4o", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello?"}]}]
    assert api.headers[0]["authorization"] == f"Bearer {KEY}"


async def test_system_and_temperature_are_sent_where_they_are_given(serve: Serve, client: ApiClient) -> None:
    api = serve(text("ok"))

    await client.complete(LLMRequest("m", (Message("user", "x"),), 50, system="Be brief.", temperature=0.0))

    assert api.requests[0]["messages"][0] == {"role": "system", "content": "Be brief."}
    assert api.requests[0]["temperature"] == 0.0


async def test_a_tool_is_forced_and_its_input_comes_back(serve: Serve, client: ApiClient) -> None:
    api = serve(tool_call({"score": 3}))

    response = await client.complete(WITH_TOOL)

    assert (response.tool_input, response.stop_reason) == ({"score": 3}, "tool_use")
    assert api.requests[0]["tool_choice"] == {"type": "function", "function": {"name": "structured_output"}}
    assert api.requests[0]["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "structured_output",
                "description": "Gives the answer.",
                "parameters": {"type": "object"},
            },
        }
    ]


THOUGHTS = [
    ("<think>\nHm. 2 > 1\n</think>\n\nForty-two.", "Forty-two."),
    ("<think></think><think>again</think>Yes", "Yes"),
    ("Write <think>so</think> in the prompt.", "Write <think>so</think> in the prompt."),
    ("<think>without an end", "<think>without an end"),
]


@pytest.mark.parametrize(("said", "answer"), THOUGHTS)
async def test_thinking_before_the_answer_is_not_part_of_it(
    serve: Serve, client: ApiClient, said: str, answer: str
) -> None:
    serve(text(said))

    assert (await client.complete(PLAIN)).text == answer


async def test_thinking_before_the_arguments_is_not_part_of_them(serve: Serve, client: ApiClient) -> None:
    serve(tool_call('<think>Three?</think>{"score": 3}'))

    assert (await client.complete(WITH_TOOL)).tool_input == {"score": 3}


@pytest.mark.parametrize("arguments", ['{"score": 3', "[3]", ""])
async def test_arguments_other_than_an_object_are_kept_as_text_for_the_repair(
    serve: Serve, client: ApiClient, arguments: str
) -> None:
    serve(tool_call(arguments))

    response = await client.complete(WITH_TOOL)

    assert (response.tool_input, response.text) == (None, arguments)


@pytest.mark.parametrize(
    ("reason", "ours"), [("stop", "end_turn"), ("tool_calls", "tool_use"), ("function_call", "tool_use")]
)
async def test_the_reason_a_complete_answer_ended_uses_the_protocols_terms(
    serve: Serve, client: ApiClient, reason: str, ours: str
) -> None:
    serve(text("ok", reason))

    assert (await client.complete(PLAIN)).stop_reason == ours


async def test_a_model_that_wants_other_parameters_gets_them_and_is_remembered(serve: Serve, client: ApiClient) -> None:
    wants = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    choice = "Thinking mode does not support this tool_choice"
    api = serve(refuses("max_tokens", wants, refuses("tool_choice", choice, tool_call({"score": 3}))))

    responses = [await client.complete(WITH_TOOL) for _ in range(2)]

    assert [response.tool_input for response in responses] == [{"score": 3}] * 2
    asked = [("max_tokens" in request, request["tool_choice"] == "auto") for request in api.requests]
    assert asked == [(True, False), (False, False), (False, True), (False, True)]
    assert api.requests[-1]["max_completion_tokens"] == 100


async def test_an_answer_without_usage_has_no_tokens_and_no_cost(serve: Serve, client: ApiClient) -> None:
    serve(text("ok", tokens=None))

    response = await client.complete(PLAIN)

    assert (response.tokens_in, response.tokens_out, response.cost_usd) == (0, 0, None)


ERRORS = [
    (status(400, "context_length_exceeded"), BadRequestError, "context_length_exceeded"),
    (status(400, "max_completion_tokens and tool_choice are wrong"), BadRequestError, "400"),
    (status(401, f"Incorrect API key provided: {KEY}"), AuthFailedError, "check OPENAI_API_KEY"),
    (status(402, "Insufficient Balance"), SpendLimitError, "raise it at"),
    (status(403), AuthFailedError, "permission denied"),
    (status(404), UnknownModelError, "model or address not found: gpt-4o"),
    (status(429, retry_after=7), RateLimitedError, "rate limit exceeded"),
    (status(429, "You exceeded your current quota", code="insufficient_quota"), SpendLimitError, "current quota"),
    (status(500), ServerFailedError, "failed with 500"),
    (status(503), ServerFailedError, "failed with 503"),
    (status(408), ServerFailedError, "failed with 408"),
    (status(409), ServerFailedError, "failed with 409"),
    (Answer(502, b"<html>Bad Gateway</html>"), ServerFailedError, "failed with 502 (Bad Gateway)"),
    (Answer(200, b'{"id": "chatcmpl-1", "choices": ['), InterruptedAnswerError, "is truncated"),
    (Answer(200, b'{"hello": "world"}'), MalformedReplyError, 'did not answer with a completion ({"hello": "world"})'),
    (Answer(200, b"<title>Log in to the WLAN</title>"), MalformedReplyError, "(Log in to the WLAN); check OPENAI_BASE"),
    (Answer(200, b""), MalformedReplyError, "did not answer with a completion; check OPENAI_BASE_URL"),
    (Answer(200, b'{"choices": []}'), InterruptedAnswerError, "without a choice"),
    (Answer(None), ConnectionFailedError, "127.0.0.1 was not reached or hung up"),
]


@pytest.mark.parametrize(("answer", "kind", "said"), ERRORS)
async def test_an_error_says_what_to_do_and_never_the_key(
    serve: Serve, client: ApiClient, answer: Script, kind: type[LLMError], said: str
) -> None:
    serve(answer)

    with pytest.raises(LLMError) as raised:
        await client.complete(PLAIN)

    assert type(raised.value) is kind
    assert said in str(raised.value)
    assert KEY not in str(raised.value)


async def test_the_sdk_does_not_retry(serve: Serve, client: ApiClient) -> None:
    api = serve(status(429, retry_after=7))

    with pytest.raises(RateLimitedError) as raised:
        await client.complete(PLAIN)

    assert (len(api.requests), raised.value.retry_after) == (1, 7.0)


async def test_without_a_key_the_first_call_names_the_variable(
    client: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)

    with pytest.raises(MissingKeyError, match="set OPENAI_API_KEY"):
        await client.complete(PLAIN)


async def test_a_local_server_needs_no_key(serve: Serve, client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(text("ok"))
    monkeypatch.delenv("OPENAI_API_KEY")

    assert (await client.complete(PLAIN)).text == "ok"


async def test_without_the_sdk_the_message_says_how_to_install_it(
    serve: Serve, client: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(text("ok"))
    monkeypatch.setitem(sys.modules, "openai", None)

    with pytest.raises(MissingLibraryError, match="pip install openai"):
        await client.complete(PLAIN)


def test_the_sdk_is_not_imported_before_the_first_call() -> None:
    program = (
        "import sys; from engine.llm.clients.openai_client import connect; connect(); print('openai' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


EMBEDDED = [
    ({"error": {"message": "Overloaded", "code": 502}}, ServerFailedError, "failed with 502 (Overloaded)", True),
    ({"error": {"message": "Slow down", "code": "429"}}, RateLimitedError, "rate limit exceeded (Slow down)", True),
    ({"error": {"message": "No key", "code": 401}}, AuthFailedError, "invalid key (No key)", False),
    ({"error": {"message": "Out of credit", "code": 402}}, SpendLimitError, "Out of credit", False),
    ({"error": {"message": "m?", "code": "model_not_found"}}, UnknownModelError, "not found", False),
    ({"error": "The model is loading"}, ServerFailedError, "answered with an error (The model is loading)", True),
    ([{"error": {"message": "Down", "status": "UNAVAILABLE"}}], ServerFailedError, "failed with 503 (Down)", True),
    (
        {"code": 500, "msg": "404 NOT_FOUND", "success": False},
        ServerFailedError,
        "failed with 500 (404 NOT_FOUND",
        True,
    ),
]


@pytest.mark.parametrize(("body", "kind", "said", "again"), EMBEDDED)
async def test_an_error_in_an_answer_of_status_200_is_an_error(
    serve: Serve, client: ApiClient, body: Any, kind: type[LLMError], said: str, again: bool
) -> None:
    serve(Answer(200, json.dumps(body).encode()))

    with pytest.raises(LLMError) as raised:
        await client.complete(PLAIN)

    assert (type(raised.value), raised.value.retryable) == (kind, again)
    assert said in str(raised.value)


@pytest.mark.parametrize("place", ["choice", "message", "body"])
async def test_an_error_beside_a_partial_answer_is_an_error_with_its_cost(
    serve: Serve, client: ApiClient, place: str
) -> None:
    error = {"code": 502, "message": "Upstream idle timeout exceeded"}
    message = {"content": "The answer is that we sho"}
    choice = {"message": message, "finish_reason": "stop"}
    body = {"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
    {"choice": choice, "message": message, "body": body}[place]["error"] = error
    serve(Answer(200, json.dumps(body).encode()))

    with pytest.raises(ServerFailedError, match="Upstream idle timeout exceeded") as raised:
        await client.complete(PLAIN)

    assert raised.value.answer is not None
    assert (raised.value.answer.tokens_in, raised.value.answer.tokens_out) == (3, 2)


@pytest.mark.parametrize(
    "refusal",
    [
        status(400, "Thinking mode does not support this tool_choice"),
        status(404, "No endpoints found that support the provided 'tool_choice' value."),
        status(422, "Invalid tool choice: object"),
        Answer(400, b'{"error": "Invalid tool_choice type: object"}'),
        Answer(200, b'{"error": {"message": "tool_choice is not supported", "code": 400}}'),
        Answer(400, b'{"error": {"message": "Invalid value", "param": "tool_choice"}}'),
    ],
)
async def test_a_model_that_refuses_to_be_forced_is_asked_in_words_and_remembered(
    serve: Serve, client: ApiClient, refusal: Answer
) -> None:
    api = serve(refusal, tool_call({"score": 3}))

    for _ in range(2):
        assert (await client.complete(WITH_TOOL)).tool_input == {"score": 3}

    first, *others = api.requests
    assert first["messages"] == [{"role": "user", "content": "Hello?"}]
    assert [request["tool_choice"] for request in others] == ["auto", "auto"]
    assert "by calling the tool structured_output" in others[0]["messages"][0]["content"]


async def test_an_unrelated_refusal_is_not_retried(serve: Serve, client: ApiClient) -> None:
    api = serve(status(400, "model m does not support tools"))

    with pytest.raises(BadRequestError, match="does not support tools"):
        await client.complete(WITH_TOOL)

    assert len(api.requests) == 1


async def test_invisible_characters_around_key_and_address_are_not_sent(
    serve: Serve, client: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = serve(text("ok"))
    monkeypatch.setenv("OPENAI_API_KEY", f" {KEY}\r\n")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{api.base_url}\r\n")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1\r")

    await client.complete(PLAIN)

    assert api.headers[0]["authorization"] == f"Bearer {KEY}"
    assert api.headers[0]["openai-organization"] == "org-1"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OPENAI_API_KEY", f'"{KEY}"'),
        ("OPENAI_BASE_URL", "localhost:11434/v1"),
        ("OPENAI_ORG_ID", "örg"),
        ("OPENAI_CUSTOM_HEADERS", "no header"),
        ("HTTPS_PROXY", "socks4://127.0.0.1:1"),
        ("SSL_CERT_FILE", "/nowhere/ca.pem"),
    ],
)
async def test_a_wrong_variable_is_named_before_anything_is_sent(
    serve: Serve, client: ApiClient, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    api = serve(text("ok"))
    monkeypatch.setenv(variable, value)

    with pytest.raises(EnvironmentVariableError, match=variable) as raised:
        await client.complete(PLAIN)

    assert (api.requests, raised.value.retryable) == ([], False)
    assert KEY not in str(raised.value)


async def test_a_local_server_that_never_answered_is_not_waited_for(
    client: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OpenAIApi(text("ok")) as api:
        monkeypatch.setenv("OPENAI_BASE_URL", api.base_url)

    with pytest.raises(UnreachableError, match=r"nothing listens there.*OPENAI_BASE_URL"):
        await client.complete(PLAIN)


async def test_a_local_server_that_went_away_may_come_back(client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    body = b'{"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]}'
    with OpenAIApi(Answer(200, body, {"connection": "close"})) as api:
        monkeypatch.setenv("OPENAI_BASE_URL", api.base_url)
        await client.complete(PLAIN)

    with pytest.raises(ConnectionFailedError) as raised:
        await client.complete(PLAIN)

    assert raised.value.retryable


async def test_a_request_that_cannot_be_encoded_is_a_bad_request(serve: Serve, client: ApiClient) -> None:
    api = serve(text("ok"))

    with pytest.raises(BadRequestError, match="cannot be sent"):
        await client.complete(LLMRequest("gpt-4o", (Message("user", "half a \ud83d"),), max_tokens=100))

    assert api.requests == []


async def test_calls_go_through_a_socks_proxy(serve: Serve, client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    api = serve(text("ok"))
    with SocksProxy() as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert (await client.complete(PLAIN)).text == "ok"
        await client.close()

    assert proxy.asked == [api.url.removeprefix("http://")]
