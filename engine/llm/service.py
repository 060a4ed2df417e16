"""The language model as the node kinds of one run share it: one client, one limit, calls repeated where that helps."""

from __future__ import annotations

from collections.abc import Callable

from engine.llm.limits import Clock, Limiter, RateLimits, SystemClock
from engine.llm.protocol import LLMClient, LLMError, LLMRequest, LLMResponse
from engine.llm.providers import ANTHROPIC, Provider

_BYTES_PER_TOKEN = 3
"""A cautious guess of how much text a token holds: English has four bytes a token, other scripts and code less."""


class LLMService:
    """Calls of one provider. Nothing is connected before the first call."""

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

        `on_retry` is told of each try that failed and will be repeated, as in `with_retries`; `on_wait` of the limit
        that a try has to wait for.
        """
        from engine.llm.retry import with_retries  # tenacity takes 50 ms, which runs without a call need not wait for

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
    """The most tokens that a call is going to use, roughly: its texts, and the longest answer that it allows."""
    texts = [message.text for message in request.messages]
    if request.system is not None:
        texts.append(request.system)
    if request.tool is not None:
        texts.append(repr(request.tool.input_schema))
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) // _BYTES_PER_TOKEN + request.max_tokens
