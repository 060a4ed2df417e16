"""The Messages API of Anthropic."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Mapping
from typing import Any

from engine.llm.answers.statuses import Account
from engine.llm.clients.anthropic_answers import embedded_error, is_answer, partial_answer, read_answer
from engine.llm.clients.api_client import Api, ApiClient, Dialect, system_prompt
from engine.llm.clients.replies import Format
from engine.llm.protocol import LLMRequest, MissingKeyError
from engine.network.variables import read

ACCOUNT = Account(
    "Anthropic",
    secrets=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    base_url="ANTHROPIC_BASE_URL",
    default_url="https://api.anthropic.com",
    limits_page="https://console.anthropic.com",
    header_lines=("ANTHROPIC_CUSTOM_HEADERS",),
)
ENOUGH = ACCOUNT.secrets
"""The variables of which one must be set."""

NO_KEY = "no key for Anthropic; create one at https://console.anthropic.com/settings/keys and set ANTHROPIC_API_KEY"
PACKAGE = "anthropic"
NO_PACKAGE = "the package anthropic is missing; install it with pip install anthropic"
FORMAT = Format("a message", is_answer, embedded_error)


def connect() -> ApiClient:
    """A client for ANTHROPIC_BASE_URL, or Anthropic itself."""
    return ApiClient(
        Api(
            account=ACCOUNT,
            package=PACKAGE,
            missing=NO_PACKAGE,
            format=FORMAT,
            require_key=_require_key,
            make=_make,
            send=_send,
            read_answer=lambda body, request, _: read_answer(body, request),
            partial_answer=lambda body, request, _: partial_answer(body, request),
        )
    )


def _require_key() -> None:
    if not any(read(os.environ, name) for name in ENOUGH):
        raise MissingKeyError(NO_KEY)


def _make(sdk: Any, options: Mapping[str, Any]) -> Any:
    key, token = (read(os.environ, name) for name in ACCOUNT.secrets)
    return sdk.AsyncAnthropic(**({"auth_token": token} if key is None else {"api_key": key}), **options)


def _send(client: Any, request: LLMRequest, dialect: Dialect) -> Awaitable[Any]:
    created: Awaitable[Any] = client.messages.with_raw_response.create(**_parameters(request, dialect))
    return created


def _parameters(request: LLMRequest, dialect: Dialect) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "messages": [{"role": message.role, "content": message.text} for message in request.messages],
    }
    system = system_prompt(request, dialect)
    if system is not None:
        parameters["system"] = system
    if request.temperature is not None:
        # Newer versions of the SDK have no parameter for it, since newer models do not take it.
        parameters["extra_body"] = {"temperature": request.temperature}
    if request.tool is not None:
        tool = request.tool
        parameters["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": dict(tool.input_schema)}
        ]
        parameters["tool_choice"] = {"type": "tool", "name": tool.name} if dialect.force_tool else {"type": "auto"}
    return parameters
