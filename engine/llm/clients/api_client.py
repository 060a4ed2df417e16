"""Calls the API of a provider through its SDK: one request out, one answer or error back. retry.py repeats calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct

from engine.llm.answers.statuses import Account, Refusal, error_of
from engine.llm.clients.connection import Connection
from engine.llm.clients.replies import Format, read_reply
from engine.llm.protocol import LLMRequest, LLMResponse


class Dialect(Struct, frozen=True):
    """How to phrase requests to a model. Most models understand the default; the others say what they need instead."""

    max_tokens: str = "max_tokens"
    force_tool: bool = True

    def after(self, refusal: Refusal, request: LLMRequest) -> Dialect | None:
        """The dialect to try after a refusal; None where another one would not help."""
        if self.max_tokens == "max_tokens" and "max_completion_tokens" in refusal.said:
            return Dialect("max_completion_tokens", self.force_tool)
        if request.tool is not None and self.force_tool and refusal.is_about_tool_choice:
            return Dialect(self.max_tokens, force_tool=False)
        return None


class Api(Struct, frozen=True):
    """The API of a provider. Bodies are read with the host that answered, since prices depend on it.

    `package` is its SDK, which `make` and `send` use; `missing` is the error where that is not installed. `require_key`
    raises MissingKeyError.
    """

    account: Account
    package: str
    missing: str
    format: Format
    require_key: Callable[[], None]
    make: Callable[[Any, Mapping[str, Any]], Any]
    send: Callable[[Any, LLMRequest, Dialect], Awaitable[Any]]
    read_answer: Callable[[Mapping[str, Any], LLMRequest, str], LLMResponse]
    partial_answer: Callable[[Mapping[str, Any], LLMRequest, str], LLMResponse]


class ApiClient:
    """A client for the API at the address, and with the key, that the environment sets.

    Costs nothing until the first call: only that imports the SDK, which takes seconds, and needs a key.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._connection = Connection(api.account, api.package, api.make, api.missing)
        self._dialects: dict[str, Dialect] = {}

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """Make one call. Raises LLMError.

        A model that needs another dialect is asked again, and its dialect is remembered.
        """
        api, connection = self._api, self._connection
        api.require_key()
        dialect = self._dialects.get(request.model, Dialect())
        reply = await connection.send(lambda client: api.send(client, request, dialect))
        host = connection.host
        body = read_reply(reply, api.format, connection.secrets, host, api.account)
        if body.refusal is None:
            return api.read_answer(body.content, request, host)
        other = dialect.after(body.refusal, request)
        if other is not None:
            self._dialects[request.model] = other
            return await self.complete(request)
        error = error_of(body.refusal, api.account, request.model)
        error.answer = api.partial_answer(body.content, request, host) if body.content else None
        raise error

    async def close(self) -> None:
        """Close the connections."""
        await self._connection.close()


def system_prompt(request: LLMRequest, dialect: Dialect) -> str | None:
    """The system prompt; where the model cannot be forced to call the tool, it is asked to."""
    if request.tool is None or dialect.force_tool:
        return request.system
    instruction = f"Give the answer by calling the tool {request.tool.name}, exactly once, and in no other way."
    return f"{request.system}\n\n{instruction}" if request.system else instruction
