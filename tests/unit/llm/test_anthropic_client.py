"""The real SDK against a local server that speaks the Messages API: what goes out, what comes back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack

import pytest

from engine.llm.clients.anthropic_client import connect
from engine.llm.clients.api_client import ApiClient
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
    OverloadedError,
    RateLimitedError,
    ServerFailedError,
    SpendLimitError,
    Tool,
    UnknownModelError,
)
from tests.standins.messages_api import (
    MessagesApi,
    Script,
    hang_up,
    message,
    no_message,
    refuses_to_be_forced,
    rubbish,
    status,
    text,
    tool_use,
)
from tests.standins.scripted_api import Answer

KEY = "sk-ant-of-this-test"
PLAIN = LLMRequest("claude-sonnet-4-6", (Message("user", "Hello?"),), max_tokens=100)
TOOL = Tool("structured_output", "Gives the answer.", {"type": "object"})
WITH_TOOL = LLMRequest("claude-sonnet-4-6", (Message("user", "Hello?"),), max_tokens=100, tool=TOOL)

Serve = Callable[..., MessagesApi]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(*script: Script) -> MessagesApi:
            api = stack.enter_context(MessagesApi(*script))
            monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
            monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
            monkeypatch.delenv("ANTHROPIC_AUTH_TOKEN", raising=False)
            return api

        yield start


@pytest.fixture
async def client() -> AsyncIterator[ApiClient]:
    client = connect()
    yield client
    await client.close()


async def test_a_text_answer_comes_back_with_its_tokens(serve: Serve, client: ApiClient) -> None:
    serve(message([{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo ☃"}], "end_turn", (7, 3)))

    response = await client.complete(PLAIN)

    cost = pytest.approx((7 * 3 + 3 * 15) / 1_000_000)
    assert response == LLMResponse("Hello ☃", None, "end_turn", 7, 3, "claude-sonnet-4-6", cost, response.raw)


async def test_only_what_the_request_names_is_sent(serve: Serve, client: ApiClient) -> None:
    api = serve(text("ok"))

    await client.complete(PLAIN)

    assert api.requests == [
        {"model": "claude-sonnet-4-6", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello?"}]}
    ]
    assert KEY in " ".join(api.headers[0].values())


async def test_system_and_temperature_are_sent_where_they_are_given(serve: Serve, client: ApiClient) -> None:
    api = serve(text("ok"))

    await client.complete(LLMRequest("m", (Message("user", "x"),), 50_000, system="Be brief.", temperature=0.0))

    assert (api.requests[0]["system"], api.requests[0]["temperature"]) == ("Be brief.", 0.0)


async def test_a_tool_is_forced_and_its_input_comes_back(serve: Serve, client: ApiClient) -> None:
    api = serve(tool_use({"score": 3}))

    response = await client.complete(WITH_TOOL)

    assert (response.tool_input, response.stop_reason) == ({"score": 3}, "tool_use")
    assert api.requests[0]["tool_choice"] == {"type": "tool", "name": "structured_output"}
    assert api.requests[0]["tools"] == [
        {"name": "structured_output", "description": "Gives the answer.", "input_schema": {"type": "object"}}
    ]


async def test_a_model_that_refuses_to_be_forced_is_left_the_choice_and_remembered(
    serve: Serve, client: ApiClient
) -> None:
    api = serve(refuses_to_be_forced(tool_use({"score": 3})))

    responses = [await client.complete(WITH_TOOL) for _ in range(2)]

    assert [response.tool_input for response in responses] == [{"score": 3}] * 2
    assert [request["tool_choice"]["type"] for request in api.requests] == ["tool", "auto", "auto"]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "overloaded_error", "message": "Overloaded"}, OverloadedError),
        ({"type": "authentication_error", "message": "Overloaded"}, AuthFailedError),
        ({"type": "something", "message": "Overloaded"}, ServerFailedError),
    ],
)
async def test_an_error_in_an_answer_of_status_200_is_an_error(
    serve: Serve, client: ApiClient, error: dict[str, str], kind: type[LLMError]
) -> None:
    serve(Answer(200, json.dumps({"type": "error", "error": error}).encode()))

    with pytest.raises(LLMError, match="Overloaded") as raised:
        await client.complete(PLAIN)

    assert type(raised.value) is kind


async def test_an_unrelated_refusal_is_not_retried(serve: Serve, client: ApiClient) -> None:
    api = serve(status(400, "prompt is too long"))

    with pytest.raises(BadRequestError):
        await client.complete(WITH_TOOL)

    assert len(api.requests) == 1


async def test_invisible_characters_around_key_and_address_are_not_sent(
    serve: Serve, client: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = serve(text("ok"))
    monkeypatch.setenv("ANTHROPIC_API_KEY", f"{KEY}\r")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", f" {api.url}\n")

    await client.complete(PLAIN)

    assert KEY in (value.removeprefix("Bearer ") for value in api.headers[0].values())


@pytest.mark.parametrize("variable", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"])
async def test_a_wrong_variable_is_named_before_anything_is_sent(
    serve: Serve, client: ApiClient, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    api = serve(text("ok"))
    monkeypatch.setenv(variable, "sk-ant\x07-of-this-test")

    with pytest.raises(EnvironmentVariableError, match=f"^{variable} contains a control character") as raised:
        await client.complete(PLAIN)

    assert (api.requests, raised.value.retryable) == ([], False)
    assert "sk-ant" not in str(raised.value)


ERRORS = [
    (status(400, "prompt is too long"), BadRequestError, "prompt is too long"),
    (status(401, f"bad key {KEY}"), AuthFailedError, "check ANTHROPIC_API_KEY"),
    (status(402), SpendLimitError, "raise it at"),
    (status(403), AuthFailedError, "permission denied"),
    (status(404), UnknownModelError, "model or address not found: claude-sonnet-4-6"),
    (status(413), BadRequestError, "413"),
    (status(429, retry_after=7), RateLimitedError, "rate limit exceeded"),
    (status(429, x_should_retry="false"), SpendLimitError, "limit reached"),
    (status(500), ServerFailedError, "failed with 500"),
    (status(503), ServerFailedError, "failed with 503"),
    (status(529), OverloadedError, "overloaded"),
    (status(408), ServerFailedError, "failed with 408"),
    (status(409), ServerFailedError, "failed with 409"),
    (rubbish(), InterruptedAnswerError, "is truncated"),
    (no_message(), MalformedReplyError, "did not answer with a message"),
    (hang_up(), ConnectionFailedError, "127.0.0.1 was not reached or hung up"),
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
    serve: Serve, client: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = serve(text("ok"))
    monkeypatch.delenv("ANTHROPIC_API_KEY")

    with pytest.raises(MissingKeyError, match="set ANTHROPIC_API_KEY"):
        await client.complete(PLAIN)

    assert api.requests == []


async def test_a_token_replaces_a_missing_key(serve: Serve, client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    api = serve(text("ok"))
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "token")

    await client.complete(PLAIN)

    assert api.headers[0]["authorization"] == "Bearer token"


def test_the_sdk_is_not_imported_before_the_first_call() -> None:
    program = (
        "import sys, pathlib; from engine.nodes.registry import kinds; from engine.experience.model import Kind;"
        "kinds(pathlib.Path('.'))[Kind.AGENT]; print('anthropic' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
