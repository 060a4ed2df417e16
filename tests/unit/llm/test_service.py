"""The LLM of a run: one client and one limit for everyone who calls it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from engine.llm.answers.statuses import Account
from engine.llm.limits import RateLimits
from engine.llm.protocol import LLMError, LLMRequest, LLMResponse, Message, RateLimitedError
from engine.llm.providers import OPENAI, PROVIDERS, Provider, usable_provider
from engine.llm.service import LLMService, most_tokens
from tests.unit.llm.clock import FakeClock, settled

REQUEST = LLMRequest("model", (Message("user", "x" * 300),), max_tokens=100)


class Client:
    """Raises the errors that it was given, then answers; remembers when it was called and whether it was closed."""

    def __init__(self, clock: FakeClock, *errors: LLMError) -> None:
        self.clock = clock
        self.errors = list(errors)
        self.called: list[float] = []
        self.closed = False

    async def complete(self, request: LLMRequest) -> LLMResponse:
        self.called.append(self.clock.now() - 1_000)
        if self.errors:
            raise self.errors.pop(0)
        return LLMResponse("ok", None, "end_turn", 10, 5, request.model)

    async def close(self) -> None:
        self.closed = True


class Run:
    """A service with a scripted client and a clock that moves only when someone sleeps."""

    def __init__(self, limits: RateLimits, *errors: LLMError) -> None:
        self.clock = FakeClock()
        self.client = Client(self.clock, *errors)
        self.connected = 0
        self.waits: list[str] = []
        self.retries: list[LLMError] = []
        self.service = LLMService(provider(self._connect), limits, self.clock)

    def _connect(self) -> Client:
        self.connected += 1
        return self.client

    def ask(self) -> asyncio.Task[LLMResponse]:
        return asyncio.create_task(
            self.service.complete(
                REQUEST, on_retry=lambda _number, error, _wait: self.retries.append(error), on_wait=self.waits.append
            )
        )

    async def all(self, *calls: asyncio.Task[LLMResponse]) -> None:
        while not all(call.done() for call in calls):
            await self.clock.pass_time()
            await settled()


def provider(connect: Callable[[], Client]) -> Provider:
    account = Account("Test", ("TEST_KEY",), "TEST_URL", "http://localhost", "http://localhost/limits")
    return Provider("test", connect, account, "OE_TEST_MODEL", "default-model", ("TEST_KEY",))


async def test_all_calls_share_one_client_which_is_closed_with_the_run() -> None:
    run = Run(RateLimits())

    await run.all(run.ask(), run.ask())
    await run.service.close()

    assert (run.connected, run.client.called, run.client.closed) == (1, [0, 0], True)


async def test_no_connection_is_made_without_a_call() -> None:
    run = Run(RateLimits())

    await run.service.close()

    assert run.connected == 0


async def test_a_call_beyond_the_limit_waits_and_says_so() -> None:
    run = Run(RateLimits(requests_per_minute=1))

    await run.all(run.ask(), run.ask())

    assert run.client.called == [0, 60]
    assert run.waits == ["runtime.limits allows 1 request a minute"]


async def test_the_actual_usage_of_a_call_counts() -> None:
    run = Run(RateLimits(tokens_per_minute=most_tokens(REQUEST) + 15))

    await run.all(run.ask(), run.ask())

    assert run.client.called == [0, 0]


async def test_a_try_that_is_repeated_counts_as_a_request_of_its_own() -> None:
    run = Run(RateLimits(requests_per_minute=1), RateLimitedError("slow down", 1.0))

    await run.all(run.ask())

    assert run.client.called == [0, 60]
    assert [str(error) for error in run.retries] == ["slow down"]


def test_the_estimate_of_a_call_counts_its_texts_and_its_longest_answer() -> None:
    assert most_tokens(REQUEST) == 300 // 3 + 100


def test_the_model_is_the_nodes_then_the_environments_then_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OE_OPENAI_MODEL", raising=False)
    assert OPENAI.model(None) == OPENAI.default_model
    monkeypatch.setenv("OE_OPENAI_MODEL", "from-the-environment")
    assert OPENAI.model(None) == "from-the-environment"
    assert OPENAI.model("from-the-node") == "from-the-node"


@pytest.mark.parametrize("name", PROVIDERS)
def test_each_provider_says_where_its_calls_go(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = PROVIDERS[name]
    monkeypatch.delenv(chosen.account.base_url, raising=False)
    assert chosen.url == chosen.account.default_url
    monkeypatch.setenv(chosen.account.base_url, "http://here")
    assert chosen.url == "http://here"


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({}, "anthropic"),
        ({"OPENAI_API_KEY": "k"}, "openai"),
        ({"OPENAI_BASE_URL": "http://localhost:11434/v1"}, "openai"),
        ({"OPENAI_API_KEY": " \r\n"}, "anthropic"),
        ({"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k"}, "anthropic"),
        ({"ANTHROPIC_AUTH_TOKEN": "k", "OPENAI_API_KEY": "k"}, "anthropic"),
        ({"ANTHROPIC_API_KEY": "", "OPENAI_API_KEY": "k"}, "openai"),
    ],
)
def test_without_a_choice_the_only_usable_provider_is_used(environment: dict[str, str], name: str) -> None:
    assert usable_provider(environment).name == name
