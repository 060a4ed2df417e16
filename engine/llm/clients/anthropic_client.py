"""The Messages API of Anthropic through its SDK: requests out, answers and errors back. Repeating is retry.py's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from engine.llm.answers.statuses import Account, error_of
from engine.llm.clients.anthropic_answers import embedded_error, is_answer, partial_answer, read_answer
from engine.llm.clients.connection import Connection
from engine.llm.clients.replies import Format, read_reply
from engine.llm.clients.tool_choice import with_instruction
from engine.llm.protocol import LLMRequest, LLMResponse, MissingKeyError
from engine.network.variables import read

ACCOUNT = Account(
    "Anthropic",
    secrets=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    base_url="ANTHROPIC_BASE_URL",
    default_url="https://api.anthropic.com",
    limits_page="https://console.anthropic.com",
    header_lines=("ANTHROPIC_CUSTOM_HEADERS",),
)
FORMAT = Format("a message", is_answer, embedded_error)


class AnthropicClient:
    """Speaks to ANTHROPIC_BASE_URL, or Anthropic itself, with the key of the environment.

    Costs nothing until the first call: only that imports the SDK, which takes seconds, and needs a key.
    """

    def __init__(self) -> None:
        missing = "agents need the package anthropic: pip install oe-lsp"
        self._connection = Connection(ACCOUNT, "anthropic", _made, missing)
        self._unforceable: set[str] = set()

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """Make one call. Raises LLMError.

        Some models refuse to be forced to call a tool. Such a model is asked again, with the choice left to it, and
        that is remembered.
        """
        _require_key()
        forced = request.tool is not None and request.model not in self._unforceable
        parameters = _parameters(request, forced=forced)
        reply = await self._connection.send(lambda client: client.messages.with_raw_response.create(**parameters))
        body = read_reply(reply, FORMAT, self._connection.secrets, self._connection.host, ACCOUNT)
        if body.refusal is None:
            return read_answer(body.content, request)
        if forced and body.refusal.is_about_tool_choice:
            self._unforceable.add(request.model)
            return await self.complete(request)
        error = error_of(body.refusal, ACCOUNT, request.model)
        error.answer = partial_answer(body.content, request) if body.content else None
        raise error

    async def close(self) -> None:
        """Close the connections."""
        await self._connection.close()


def _require_key() -> None:
    if not any(read(os.environ, name) for name in ACCOUNT.secrets):
        raise MissingKeyError(
            "no key for Anthropic: set ANTHROPIC_API_KEY (export ANTHROPIC_API_KEY=…; "
            "keys are made at https://console.anthropic.com/settings/keys)"
        )


def _made(sdk: Any, options: Mapping[str, Any]) -> Any:
    key, token = (read(os.environ, name) for name in ACCOUNT.secrets)
    return sdk.AsyncAnthropic(**({"auth_token": token} if key is None else {"api_key": key}), **options)


def _parameters(request: LLMRequest, *, forced: bool) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "messages": [{"role": message.role, "content": message.text} for message in request.messages],
    }
    system = request.system if forced else with_instruction(request)
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
        parameters["tool_choice"] = {"type": "tool", "name": tool.name} if forced else {"type": "auto"}
    return parameters
