"""The Messages API of Anthropic through its SDK: requests out, answers and errors back. Repeating is retry.py's."""

from __future__ import annotations

import asyncio
import importlib
import os
from typing import TYPE_CHECKING, Any, cast

from engine.expressions import Json
from engine.llm.prices import cost_usd
from engine.llm.protocol import (
    BadRequestError,
    ConnectionFailedError,
    LLMRequest,
    LLMResponse,
    MalformedReplyError,
    MissingKeyError,
)
from engine.llm.statuses import Account, error_of, read_refusal

if TYPE_CHECKING:
    import anthropic

_TIMEOUT_SECONDS = 3600.0
"""Longer than any sensible `timeout_ms`, which is what ends a call that takes too long."""

_CONNECT_SECONDS = 10.0
_ACCOUNT = Account(
    "Anthropic",
    secrets=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    base_url="ANTHROPIC_BASE_URL",
    limits_page="https://console.anthropic.com",
)


class AnthropicClient:
    """Speaks to ANTHROPIC_BASE_URL, or Anthropic itself, with the key of the environment.

    Costs nothing until the first call: only that imports the SDK, which takes seconds, and needs a key.
    """

    def __init__(self) -> None:
        self._starting = asyncio.Lock()
        self._client: anthropic.AsyncAnthropic | None = None
        self._unforceable: set[str] = set()

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """Make one call. Raises LLMError.

        Newer models refuse to be forced to call a tool. Such a model is asked again, with the choice left to it.
        """
        client = await self._started()
        forced = request.tool is not None and request.model not in self._unforceable
        try:
            return await _create(client, request, forced=forced)
        except BadRequestError:
            if not forced:
                raise
        response = await _create(client, request, forced=False)
        self._unforceable.add(request.model)
        return response

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

    async def _started(self) -> anthropic.AsyncAnthropic:
        key, token = (os.environ.get(name) or None for name in _ACCOUNT.secrets)
        if key is None and token is None:
            raise MissingKeyError(
                "no key for Anthropic: set ANTHROPIC_API_KEY (export ANTHROPIC_API_KEY=…; "
                "keys are made at https://console.anthropic.com/settings/keys)"
            )
        async with self._starting:
            if self._client is None:
                sdk = await asyncio.to_thread(importlib.import_module, "anthropic")
                timeout = sdk.Timeout(_TIMEOUT_SECONDS, connect=_CONNECT_SECONDS)
                credential = {"auth_token": token} if key is None else {"api_key": key}
                self._client = cast(
                    "anthropic.AsyncAnthropic", sdk.AsyncAnthropic(**credential, max_retries=0, timeout=timeout)
                )
            return self._client


async def _create(client: anthropic.AsyncAnthropic, request: LLMRequest, *, forced: bool) -> LLMResponse:
    import anthropic

    try:
        message = await client.messages.create(**_parameters(request, forced=forced))
    except anthropic.APIStatusError as error:
        refusal = read_refusal(error.status_code, error.response.headers, error.body, _ACCOUNT)
        raise error_of(refusal, _ACCOUNT, request.model) from None
    except anthropic.APIConnectionError:
        raise ConnectionFailedError(
            f"{client.base_url.host} was not reached or hung up; check the network and ANTHROPIC_BASE_URL"
        ) from None
    except (anthropic.APIResponseValidationError, ValueError):
        message = None
    if not isinstance(message, anthropic.types.Message) or not isinstance(message.content, list) or not message.usage:
        raise MalformedReplyError(
            f"{client.base_url.host} answered with something else than a message; check ANTHROPIC_BASE_URL"
        )
    return _response(message)


def _parameters(request: LLMRequest, *, forced: bool) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "messages": [{"role": message.role, "content": message.text} for message in request.messages],
    }
    if request.system is not None:
        parameters["system"] = request.system
    if request.temperature is not None:
        # Newer versions of the SDK have no parameter for it, since newer models do not take it.
        parameters["extra_body"] = {"temperature": request.temperature}
    if request.tool is not None:
        tool = request.tool
        parameters["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": dict(tool.input_schema)}
        ]
        parameters["tool_choice"] = {"type": "tool", "name": tool.name} if forced else {"type": "auto"}
    return parameters


def _response(message: anthropic.types.Message) -> LLMResponse:
    text = "".join(block.text for block in message.content if block.type == "text")
    calls = [cast("Json", block.input) for block in message.content if block.type == "tool_use"]
    usage = message.usage
    cached = (usage.cache_creation_input_tokens or 0) + (usage.cache_read_input_tokens or 0)
    tokens_in, tokens_out = (usage.input_tokens or 0) + cached, usage.output_tokens or 0
    return LLMResponse(
        text=text,
        tool_input=calls[0] if calls and isinstance(calls[0], dict) else None,
        stop_reason=message.stop_reason,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        model=message.model,
        cost_usd=cost_usd("anthropic", message.model, tokens_in, tokens_out),
        raw=cast("dict[str, Json]", message.to_dict(mode="json")),
    )
