"""Chat completions, of OpenAI or any endpoint compatible with it, through OpenAI's SDK. Repeating is retry.py's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from engine.llm.answers.statuses import Account, Refusal, error_of
from engine.llm.clients.connection import Connection
from engine.llm.clients.openai_answers import embedded_error, is_answer, partial_answer, read_answer
from engine.llm.clients.replies import Format, read_reply
from engine.llm.clients.tool_choice import with_instruction
from engine.llm.protocol import LLMRequest, LLMResponse, MissingKeyError
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
FORMAT = Format("a completion", is_answer, embedded_error)
_NO_KEY = "none"
"""What servers on one's own machine get, which want no key."""


class _Dialect(Struct, frozen=True):
    """How a model wants to be asked. The first is understood by most; models that refuse it say which it must be."""

    max_tokens: str = "max_tokens"
    force_tool: bool = True

    def after(self, refusal: Refusal, request: LLMRequest) -> _Dialect | None:
        """How to ask instead; None where the refusal is not about how."""
        if self.max_tokens == "max_tokens" and "max_completion_tokens" in refusal.said:
            return _Dialect("max_completion_tokens", self.force_tool)
        if request.tool is not None and self.force_tool and refusal.is_about_tool_choice:
            return _Dialect(self.max_tokens, force_tool=False)
        return None


class OpenAIClient:
    """Speaks to OPENAI_BASE_URL, or OpenAI itself, with the key of the environment.

    Costs nothing until the first call: only that imports the SDK and needs a key.
    """

    def __init__(self) -> None:
        missing = "calls of OpenAI's API need the package openai: pip install 'oe-lsp[openai]'"
        self._connection = Connection(ACCOUNT, "openai", _made, missing)
        self._dialects: dict[str, _Dialect] = {}

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """Make one call. Raises LLMError.

        A model that wants to be asked in another way is asked again, and that is remembered.
        """
        _require_key()
        dialect = self._dialects.get(request.model, _Dialect())
        parameters = _parameters(request, dialect)
        reply = await self._connection.send(
            lambda client: client.chat.completions.with_raw_response.create(**parameters)
        )
        host = self._connection.host
        body = read_reply(reply, FORMAT, self._connection.secrets, host, ACCOUNT)
        # Another endpoint may give any model any name, so that prices by name would be wrong.
        priced = host == "api.openai.com"
        if body.refusal is None:
            return read_answer(body.content, request, priced=priced)
        other = dialect.after(body.refusal, request)
        if other is not None:
            self._dialects[request.model] = other
            return await self.complete(request)
        error = error_of(body.refusal, ACCOUNT, request.model)
        error.answer = partial_answer(body.content, request, priced=priced) if body.content else None
        raise error

    async def close(self) -> None:
        """Close the connections."""
        await self._connection.close()


def _require_key() -> None:
    if not read(os.environ, "OPENAI_API_KEY") and not read(os.environ, "OPENAI_BASE_URL"):
        raise MissingKeyError(
            "no key for OpenAI: set OPENAI_API_KEY (export OPENAI_API_KEY=…; keys are made at "
            "https://platform.openai.com/api-keys), or OPENAI_BASE_URL for a server that needs none"
        )


def _made(sdk: Any, options: Mapping[str, Any]) -> Any:
    key, organization, project = (read(os.environ, name) for name in (*ACCOUNT.secrets, *ACCOUNT.headers))
    return sdk.AsyncOpenAI(api_key=key or _NO_KEY, organization=organization, project=project, **options)


def _parameters(request: LLMRequest, dialect: _Dialect) -> dict[str, Any]:
    messages = [{"role": message.role, "content": message.text} for message in request.messages]
    system = request.system if dialect.force_tool else with_instruction(request)
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
