"""What a node kind asks of a language model, what it gets, and what can go wrong; whoever the provider is."""

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
    """The one tool that the answer is to be given through; `input_schema` describes an object."""

    name: str
    description: str
    input_schema: Mapping[str, Json]


class LLMRequest(Struct, frozen=True):
    """One call. `max_tokens` bounds the answer; `temperature` None is the provider's default.

    With a `tool`, the answer is a call of it, as far as the model lets itself be told so.
    """

    model: str
    messages: tuple[Message, ...]
    max_tokens: int
    system: str | None = None
    temperature: float | None = None
    tool: Tool | None = None


class LLMResponse(Struct, frozen=True):
    """One answer. `tool_input` is None where the model called no tool; `model` is the one that really answered.

    `stop_reason` says why it is whole, in the words of Anthropic: `end_turn`, `stop_sequence`, `tool_use`; of an answer
    that is not (LLMError.answer), in those of the provider, None where it names none. `cost_usd` is None where the
    price is unknown. `raw` is the answer in the provider's own words.
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
    """A provider."""

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """Make one call, without repeating it. Raises LLMError."""

    async def close(self) -> None:
        """Close the connections."""


class LLMError(Exception):
    """A call that failed. The message says what to do about it; it never holds a key.

    `retryable` is whether making the call again may help; `retry_after`, the seconds that the provider asks to wait
    before. `answer` is what came although it does not count: it has its price.
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
    """A variable of the environment that every call depends on is wrong."""


class AuthFailedError(LLMError):
    """The provider does not accept the key, or not for this."""


class SpendLimitError(LLMError):
    """The account's money or quota is used up; waiting a little does not help."""


class UnknownModelError(LLMError):
    """There is no such model, or not for this key."""


class BadRequestError(LLMError):
    """The provider does not accept the request."""


class MalformedReplyError(LLMError):
    """What came back is no answer that the provider's API describes."""


class IncompleteAnswerError(LLMError):
    """The model ended before its answer was whole, and would again: its length, its context window, a refusal."""


class UnreachableError(LLMError):
    """The provider cannot be reached as things are set."""


class InterruptedAnswerError(LLMError):
    """The answer broke off, or ended in a way that does not say that it is whole."""

    retryable = True


class RateLimitedError(LLMError):
    """Too many requests or tokens at the moment."""

    retryable = True


class OverloadedError(LLMError):
    """The provider has too much to do."""

    retryable = True


class ServerFailedError(LLMError):
    """The provider failed."""

    retryable = True


class ConnectionFailedError(LLMError):
    """The provider was not reached, or hung up."""

    retryable = True
