"""Requests to a language model, its answers, and errors, the same for all providers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from msgspec import Struct, field

from engine.expressions import Json


class Message(Struct, frozen=True):
    """One turn of a conversation."""

    role: Literal["user", "assistant"]
    text: str


class Tool(Struct, frozen=True):
    """The one tool that the answer is given through; `input_schema` describes an object."""

    name: str
    description: str
    input_schema: Mapping[str, Json]


class LLMRequest(Struct, frozen=True):
    """One call. `max_tokens` limits the answer; `temperature` None is the provider's default.

    With a `tool`, the model is made to call it, if it supports that.
    """

    model: str
    messages: tuple[Message, ...]
    max_tokens: int
    system: str | None = None
    temperature: float | None = None
    tool: Tool | None = None


class LLMResponse(Struct, frozen=True):
    """One answer. `tool_input` is None if the model called no tool; `model` is the one that answered.

    `stop_reason` of a complete answer is one of Anthropic's: `end_turn`, `stop_sequence`, `tool_use`; of an incomplete
    one (LLMError.answer) it is the provider's, or None. `cost_usd` is None if the price is unknown. `raw` is the body.
    """

    text: str
    tool_input: Mapping[str, Json] | None
    stop_reason: str | None
    tokens_in: int
    tokens_out: int
    model: str
    cost_usd: float | None = None
    raw: Mapping[str, Json] = field(default_factory=dict)


class LLMClient(Protocol):
    """A client of a provider."""

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """Make one call, without repeating it. Raises LLMError."""

    async def close(self) -> None:
        """Close the connections."""


class LLMError(Exception):
    """A failed call. The message ends with the remedy, and never contains a key.

    `retryable` says whether another try may help, `retry_after` how many seconds the provider asks to wait before it.
    `answer` is an answer that was rejected: it has its price, too.
    """

    retryable: bool = False

    def __init__(self, message: str, retry_after: float | None = None, answer: LLMResponse | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.answer = answer


class MissingKeyError(LLMError):
    """No key is set."""


class MissingLibraryError(LLMError):
    """The provider's SDK is not installed."""


class EnvironmentVariableError(LLMError):
    """An environment variable that every call depends on is invalid."""


class AuthFailedError(LLMError):
    """The provider rejects the key, or its permissions do not suffice."""


class SpendLimitError(LLMError):
    """The budget or quota of the account is used up; waiting does not help."""


class UnknownModelError(LLMError):
    """The model does not exist, or not for this key."""


class BadRequestError(LLMError):
    """The provider rejects the request."""


class MalformedReplyError(LLMError):
    """The response is not of a form that the provider's API describes."""


class IncompleteAnswerError(LLMError):
    """The answer is incomplete and would be again: its length, the context window, a refusal."""


class UnreachableError(LLMError):
    """The provider cannot be reached with these settings."""


class InterruptedAnswerError(LLMError):
    """The answer was cut off, or its stop reason does not say that it is complete."""

    retryable = True


class RateLimitedError(LLMError):
    """The rate limit of requests or tokens is exceeded."""

    retryable = True


class OverloadedError(LLMError):
    """The provider is overloaded."""

    retryable = True


class ServerFailedError(LLMError):
    """The provider failed."""

    retryable = True


class ConnectionFailedError(LLMError):
    """The connection failed or was closed."""

    retryable = True
