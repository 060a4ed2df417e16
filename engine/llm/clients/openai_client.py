"""Chat completions of OpenAI, or of any compatible endpoint."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Mapping
from typing import Any

from engine.llm.answers.statuses import Account
from engine.llm.clients.api_client import Api, ApiClient, Dialect, system_prompt
from engine.llm.clients.openai_answers import embedded_error, is_answer, partial_answer, read_answer
from engine.llm.clients.replies import Format
from engine.llm.protocol import LLMRequest, MissingKeyError
from engine.network.variables import read

ACCOUNT = Account(
    "OpenAI",
    secrets=("OPENAI_API_KEY",),
    base_url="OPENAI_BASE_URL",
    default_url="https://api.openai.com/v1",
    limits_page="https://platform.openai.com/settings/organization/limits",
    headers=("OPENAI_ORG_ID", "OPENAI_PROJECT_ID"),
    header_lines=("OPENAI_CUSTOM_HEADERS",),
)
ENOUGH = (*ACCOUNT.secrets, ACCOUNT.base_url)
"""The variables of which one must be set: a local server needs an address and no key."""

NO_KEY = (
    "no key for OpenAI; create one at https://platform.openai.com/api-keys and set OPENAI_API_KEY, "
    "or set OPENAI_BASE_URL for a server that needs no key"
)
PACKAGE = "openai"
NO_PACKAGE = "the package openai is missing; install it with pip install openai"
FORMAT = Format("a completion", is_answer, embedded_error)
PRICED_HOST = "api.openai.com"
"""Other endpoints may give any model any name, so prices by name would be wrong."""

_NO_KEY = "none"
"""Sent to local servers, which need no key."""


def connect() -> ApiClient:
    """A client for OPENAI_BASE_URL, or OpenAI itself."""
    return ApiClient(
        Api(
            account=ACCOUNT,
            package=PACKAGE,
            missing=NO_PACKAGE,
            format=FORMAT,
            require_key=_require_key,
            make=_make,
            send=_send,
            read_answer=lambda body, request, host: read_answer(body, request, priced=host == PRICED_HOST),
            partial_answer=lambda body, request, host: partial_answer(body, request, priced=host == PRICED_HOST),
        )
    )


def _require_key() -> None:
    if not any(read(os.environ, name) for name in ENOUGH):
        raise MissingKeyError(NO_KEY)


def _make(sdk: Any, options: Mapping[str, Any]) -> Any:
    key, organization, project = (read(os.environ, name) for name in (*ACCOUNT.secrets, *ACCOUNT.headers))
    return sdk.AsyncOpenAI(api_key=key or _NO_KEY, organization=organization, project=project, **options)


def _send(client: Any, request: LLMRequest, dialect: Dialect) -> Awaitable[Any]:
    created: Awaitable[Any] = client.chat.completions.with_raw_response.create(**_parameters(request, dialect))
    return created


def _parameters(request: LLMRequest, dialect: Dialect) -> dict[str, Any]:
    messages = [{"role": message.role, "content": message.text} for message in request.messages]
    system = system_prompt(request, dialect)
    if system is not None:
        messages.insert(0, {"role": "system", "content": system})
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
