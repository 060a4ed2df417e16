"""The language model of a run, shared by its nodes: one client, one limiter, retries."""

from __future__ import annotations

from collections.abc import Callable

from engine.llm.limits import Clock, Limiter, RateLimits, SystemClock
from engine.llm.protocol import LLMClient, LLMError, LLMRequest, LLMResponse
from engine.llm.providers import ANTHROPIC, Provider

_BYTES_PER_TOKEN = 3
"""A cautious estimate: English has four bytes per token, other scripts and code fewer."""


class LLMService:
    """Calls of one provider. Connects at the first call."""

    def __init__(
        self,
        provider: Provider = ANTHROPIC,
        limits: RateLimits | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.provider = provider
        self._limits = limits or RateLimits()
        self._clock = clock or SystemClock()
        self._limiter = Limiter(self._limits, self._clock)
        self._client: LLMClient | None = None

    async def complete(
        self,
        request: LLMRequest,
        *,
        on_retry: Callable[[int, LLMError, float], None],
        on_wait: Callable[[str], None],
    ) -> LLMResponse:
        """One answer. Raises LLMError.

        `on_retry` is called for each failed try that will be repeated, as in `with_retries`; `on_wait` with the limit
        that a try has to wait for.
        """
        from engine.llm.retry import with_retries  # tenacity takes 50 ms to import, which runs without a call save

        if self._client is None:
            self._client = self.provider.connect()
        client = self._client

        async def attempt() -> LLMResponse:
            return await self._limited(client, request, on_wait)

        return await with_retries(attempt, on_retry, sleep=self._clock.sleep)

    async def close(self) -> None:
        """Close the client, if there is one."""
        if self._client is not None:
            await self._client.close()

    async def _limited(self, client: LLMClient, request: LLMRequest, on_wait: Callable[[str], None]) -> LLMResponse:
        admission = await self._limiter.admit(most_tokens(request), lambda: on_wait(str(self._limits)))
        try:
            response = await client.complete(request)
        except LLMError as error:
            self._limiter.settle(admission, _tokens(error.answer))
            raise
        self._limiter.settle(admission, _tokens(response))
        return response


def _tokens(response: LLMResponse | None) -> int:
    return 0 if response is None else response.tokens_in + response.tokens_out


def most_tokens(request: LLMRequest) -> int:
    """An estimate of the most tokens that a call can use: those of its texts, and of the longest answer allowed."""
    return input_tokens(request) + request.max_tokens


def input_tokens(request: LLMRequest) -> int:
    """An estimate of the most tokens that the texts of a call can be."""
    texts = [message.text for message in request.messages]
    if request.system is not None:
        texts.append(request.system)
    if request.tool is not None:
        texts.append(repr(request.tool.input_schema))
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) // _BYTES_PER_TOKEN
