"""Chat completions, of OpenAI or any endpoint compatible with it, through OpenAI's SDK. Repeating is retry.py's."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import re
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct
from msgspec.structs import replace

from engine.expressions import Json
from engine.llm.prices import cost_usd
from engine.llm.protocol import (
    ConnectionFailedError,
    LLMRequest,
    LLMResponse,
    MalformedReplyError,
    MissingKeyError,
    MissingLibraryError,
)
from engine.llm.statuses import Account, Refusal, error_of, read_refusal

if TYPE_CHECKING:
    import openai
    from openai.types.chat import ChatCompletion, ChatCompletionMessage

_TIMEOUT_SECONDS = 3600.0
"""Longer than any sensible `timeout_ms`, which is what ends a call that takes too long."""

_CONNECT_SECONDS = 10.0
_ACCOUNT = Account(
    "OpenAI",
    secrets=("OPENAI_API_KEY",),
    base_url="OPENAI_BASE_URL",
    limits_page="https://platform.openai.com/settings/organization/limits",
)
_NO_KEY = "none"
"""What servers on one's own machine get, which want no key."""

_STOP_REASONS = {
    "stop": "end_turn",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "length": "max_tokens",
    "content_filter": "refusal",
}
_THOUGHTS = re.compile(r"\s*<think>.*?</think>\s*", re.DOTALL)


class _Dialect(Struct, frozen=True):
    """How a model wants to be asked. The first is understood by most; models that refuse it say which it must be."""

    max_tokens: str = "max_tokens"
    force_tool: bool = True

    def after(self, refusal: Refusal, request: LLMRequest) -> _Dialect | None:
        """How to ask instead; None where the refusal is not about how."""
        if self.max_tokens == "max_tokens" and "max_completion_tokens" in refusal.said:
            return replace(self, max_tokens="max_completion_tokens")
        if request.tool is not None and self.force_tool and "tool_choice" in refusal.said:
            return replace(self, force_tool=False)
        return None


class OpenAIClient:
    """Speaks to OPENAI_BASE_URL, or OpenAI itself, with the key of the environment.

    Costs nothing until the first call: only that imports the SDK and needs a key.
    """

    def __init__(self) -> None:
        self._starting = asyncio.Lock()
        self._client: openai.AsyncOpenAI | None = None
        self._dialects: dict[str, _Dialect] = {}

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """Make one call. Raises LLMError.

        A model that wants to be asked in another way is asked again, and that is remembered.
        """
        client = await self._started()
        while True:
            dialect = self._dialects.get(request.model, _Dialect())
            answer = await _create(client, _parameters(request, dialect))
            if not isinstance(answer, Refusal):
                # Another endpoint may give any model any name, so that prices by name would be wrong.
                return _response(answer, request.model, priced=client.base_url.host == "api.openai.com")
            other = dialect.after(answer, request) if answer.status in (400, 422) else None
            if other is None:
                raise error_of(answer, _ACCOUNT, request.model)
            self._dialects[request.model] = other

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

    async def _started(self) -> openai.AsyncOpenAI:
        key = os.environ.get("OPENAI_API_KEY") or None
        if key is None and not os.environ.get("OPENAI_BASE_URL"):
            raise MissingKeyError(
                "no key for OpenAI: set OPENAI_API_KEY (export OPENAI_API_KEY=…; keys are made at "
                "https://platform.openai.com/api-keys), or OPENAI_BASE_URL for a server that needs none"
            )
        async with self._starting:
            if self._client is None:
                try:
                    sdk = await asyncio.to_thread(importlib.import_module, "openai")
                except ModuleNotFoundError:
                    raise MissingLibraryError(
                        "--llm openai needs the package openai: pip install 'oe-lsp[openai]'"
                    ) from None
                timeout = sdk.Timeout(_TIMEOUT_SECONDS, connect=_CONNECT_SECONDS)
                made = sdk.AsyncOpenAI(api_key=key or _NO_KEY, max_retries=0, timeout=timeout)
                self._client = cast("openai.AsyncOpenAI", made)
            return self._client


async def _create(client: openai.AsyncOpenAI, parameters: dict[str, Any]) -> ChatCompletion | Refusal:
    import openai
    from openai.types.chat import ChatCompletion

    host = client.base_url.host
    try:
        completion = await client.chat.completions.create(**parameters)
    except openai.APIStatusError as error:
        return read_refusal(error.status_code, error.response.headers, error.body, _ACCOUNT)
    except openai.APIConnectionError:
        raise ConnectionFailedError(
            f"{host} was not reached or hung up; check the network and OPENAI_BASE_URL"
        ) from None
    except (openai.APIResponseValidationError, ValueError):
        completion = None
    if not isinstance(completion, ChatCompletion) or not completion.choices or not completion.choices[0].message:
        raise MalformedReplyError(f"{host} answered with something else than a completion; check OPENAI_BASE_URL")
    return completion


def _parameters(request: LLMRequest, dialect: _Dialect) -> dict[str, Any]:
    messages = [{"role": message.role, "content": message.text} for message in request.messages]
    if request.system is not None:
        messages.insert(0, {"role": "system", "content": request.system})
    parameters: dict[str, Any] = {
        "model": request.model,
        dialect.max_tokens: request.max_tokens,
        "messages": messages,
    }
    if request.temperature is not None:
        parameters["temperature"] = request.temperature
    if request.tool is not None:
        tool = request.tool
        function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.input_schema)}
        parameters["tools"] = [{"type": "function", "function": function}]
        forced = {"type": "function", "function": {"name": tool.name}}
        parameters["tool_choice"] = forced if dialect.force_tool else "auto"
    return parameters


def _response(completion: ChatCompletion, asked: str, *, priced: bool) -> LLMResponse:
    choice = completion.choices[0]
    said, arguments = choice.message.content or "", _arguments(choice.message)
    tool_input = _as_object(arguments)
    refused = choice.message.refusal
    usage = completion.usage
    tokens_in, tokens_out = (usage.prompt_tokens or 0, usage.completion_tokens or 0) if usage else (0, 0)
    model = completion.model or asked
    return LLMResponse(
        # Arguments that are no JSON become text, so that a repair can show the model what it wrote.
        text=_without_thoughts(said) if arguments is None or tool_input is not None else arguments,
        tool_input=tool_input,
        stop_reason="refusal" if refused else _STOP_REASONS.get(choice.finish_reason, choice.finish_reason),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        model=model,
        cost_usd=cost_usd("openai", model, tokens_in, tokens_out) if usage and priced else None,
        raw=cast("dict[str, Json]", completion.to_dict(mode="json")),
    )


def _arguments(message: ChatCompletionMessage) -> str | None:
    """What the model calls the tool with, as it wrote it; None where it calls none."""
    for call in message.tool_calls or ():
        if call.type == "function":
            return _without_thoughts(call.function.arguments or "")
    return None


def _as_object(arguments: str | None) -> dict[str, Json] | None:
    try:
        value = json.loads(arguments or "")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _without_thoughts(text: str) -> str:
    """`text` without the blocks of thoughts that models which think aloud put before their answer."""
    while (thoughts := _THOUGHTS.match(text)) is not None:
        text = text[thoughts.end() :]
    return text
