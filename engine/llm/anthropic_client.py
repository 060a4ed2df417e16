"""The Messages API of Anthropic through its SDK: requests out, answers and errors back. Repeating is retry.py's."""

from __future__ import annotations

import asyncio
import importlib
import os
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, cast

from engine.expressions import Json
from engine.llm.protocol import (
    AuthFailedError,
    BadRequestError,
    ConnectionFailedError,
    LLMError,
    LLMRequest,
    LLMResponse,
    MalformedReplyError,
    MissingKeyError,
    OverloadedError,
    RateLimitedError,
    ServerFailedError,
    SpendLimitError,
    UnknownModelError,
)

if TYPE_CHECKING:
    import anthropic

_TIMEOUT_SECONDS = 3600.0
"""Longer than any sensible `timeout_ms`, which is what ends a call that takes too long."""

_CONNECT_SECONDS = 10.0
_SECRETS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")


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
        key, token = (os.environ.get(name) or None for name in _SECRETS)
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
        raise _status_error(error, request.model) from None
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
    return LLMResponse(
        text=text,
        tool_input=calls[0] if calls and isinstance(calls[0], dict) else None,
        stop_reason=message.stop_reason,
        tokens_in=(usage.input_tokens or 0) + cached,
        tokens_out=usage.output_tokens or 0,
        model=message.model,
    )


def _status_error(error: anthropic.APIStatusError, model: str) -> LLMError:
    """The error that a status of the Messages API stands for, with what it said and what to do."""
    status, headers = error.status_code, error.response.headers
    said = _said(error.body)
    wait = retry_after(headers)
    if status == 402 or (status == 429 and headers.get("x-should-retry") == "false"):
        return SpendLimitError(f"the account's limit is reached ({said}); raise it at https://console.anthropic.com")
    if status == 429:
        return RateLimitedError(f"too many requests ({said}); lower `runtime.concurrency` or wait", wait)
    if status == 529:
        return OverloadedError(f"Anthropic is overloaded ({said}); try again later", wait)
    if status >= 500:
        return ServerFailedError(f"the server failed with {status} ({said}); try again later", wait)
    return _refused(status, said, model)


def _refused(status: int, said: str, model: str) -> LLMError:
    if status == 401:
        return AuthFailedError(f"the key was not accepted ({said}); check ANTHROPIC_API_KEY")
    if status == 403:
        return AuthFailedError(f"the key may not do this ({said}); check what its workspace allows")
    if status == 404:
        return UnknownModelError(f"no such model or address: {model} ({said}); check `model` and ANTHROPIC_BASE_URL")
    return BadRequestError(f"the request was not accepted, {status} ({said})")


def _said(body: object) -> str:
    """The message in the body of an error, without secrets."""
    error = body.get("error") if isinstance(body, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    text = str(message) if message else "no details"
    for secret in filter(None, map(os.environ.get, _SECRETS)):
        text = text.replace(secret, "***")
    return text


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """The wait in seconds that `headers` ask for (RFC 9110, Retry-After: seconds or a date); None where they do not."""
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - (time.time() if now is None else now))
    except ValueError:
        return None
