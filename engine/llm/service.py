"""The language model of a run, shared by its nodes: one client, one limiter, retries."""

from __future__ import annotations

from collections.abc import Callable

from engine.llm.budget import CallBudget, MostUsage, NoBudget, Usage
from engine.llm.limits import Clock, Limiter, RateLimits, SystemClock
from engine.llm.prices import cost_usd
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
        budget: CallBudget | None = None,
    ) -> None:
        self.provider = provider
        self._limits = limits or RateLimits()
        self._clock = clock or SystemClock()
        self._limiter = Limiter(self._limits, self._clock)
        self._budget = budget or NoBudget()
        self._client: LLMClient | None = None

    async def complete(
        self,
        request: LLMRequest,
        *,
        on_retry: Callable[[int, LLMError, float], None],
        on_wait: Callable[[str], None],
        on_waited: Callable[[], None] = lambda: None,
    ) -> LLMResponse:
        """One answer. Raises LLMError.

        `on_retry` is called for each failed try that will be repeated, as in `with_retries`; `on_wait` with what a try
        has to wait for, and `on_waited` once it no longer waits.
        """
        from engine.llm.retry import with_retries  # tenacity takes 50 ms to import, which runs without a call save

        async def attempt() -> LLMResponse:
            return await self._limited(request, on_wait, on_waited)

        return await with_retries(attempt, on_retry, sleep=self._clock.sleep)

    async def close(self) -> None:
        """Close the client, if there is one."""
        if self._client is not None:
            await self._client.close()

    async def _limited(
        self, request: LLMRequest, on_wait: Callable[[str], None], on_waited: Callable[[], None]
    ) -> LLMResponse:
        reasons: list[str] = []

        def wait(why: str) -> None:
            reasons.append(why)
            on_wait(why)

        async with self._budget.call(self._most_usage(request), wait) as call:
            client = self._client = self._client or self.provider.connect()  # takes seconds: not for a call too many
            allowed = f"runtime.limits allows {self._limits}"
            admission = await self._limiter.admit(most_tokens(request), lambda: wait(allowed))
            if reasons:
                on_waited()
            try:
                response = await client.complete(request)
            except LLMError as error:
                call.used = self._usage(error.answer)
                self._limiter.settle(admission, call.used.tokens)
                raise
            call.used = self._usage(response)
            self._limiter.settle(admission, call.used.tokens)
            return response

    def _most_usage(self, request: LLMRequest) -> MostUsage:
        """The most that a call may use. One of a model without a known price counts tokens only."""
        cost = cost_usd(self.provider.name, request.model, input_tokens(request), request.max_tokens)
        if cost is None:
            self._budget.uncounted(request.model)
        return MostUsage(most_tokens(request), cost or 0.0)

    def _usage(self, response: LLMResponse | None) -> Usage:
        if response is None:
            return Usage()
        if response.cost_usd is None:
            self._budget.uncounted(response.model)
        return Usage(response.tokens_in + response.tokens_out, response.cost_usd or 0.0)


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
