"""`--llm`: the provider of a run, which its resume goes by and which is part of what a restored answer depends on."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.standins import messages_api, openai_api
from tests.standins.messages_api import MessagesApi
from tests.standins.openai_api import OpenAIApi
from tests.standins.scripted_api import Answer
from tests.support.worlds import World
from tests.unit.cli.conftest import Oe

KEY = "sk-of-this-test"


@pytest.fixture
def answers() -> Iterator[OpenAIApi]:
    with OpenAIApi(openai_api.text("<think>Hm.</think>Owls.", tokens=(7, 3))) as api:
        yield api


@pytest.fixture
def through_openai(answers: OpenAIApi) -> dict[str, str]:
    return {"OPENAI_BASE_URL": answers.base_url, "OPENAI_API_KEY": KEY, "OE_OPENAI_MODEL": "local-model"}


@pytest.fixture
def ran(world: World, oe: Oe, through_openai: dict[str, str]) -> World:
    """A run of one agent through the OpenAI-compatible endpoint."""
    world.graph("- {id: a, kind: agent, prompt: Say something., writes: [said]}", state="said: {type: string}")
    ended = oe("--log-format", "json", "run", "--llm", "openai", **through_openai)
    assert (ended.code, ended.lines[-1]["finalState"]) == (0, {"said": "Owls."})
    return world


def test_a_run_goes_through_the_chosen_provider(ran: World, answers: OpenAIApi) -> None:
    (run_id,) = ran.store.run_ids()
    events = [json.loads(line) for line in ran.store.log(run_id).read_text().splitlines()]

    assert [request["model"] for request in answers.requests] == ["local-model"]
    assert events[0]["settings"]["llm"] == "openai"
    completed = next(event for event in events if event["type"] == "node.completed")
    assert completed["metrics"] == {"tokensIn": 7, "tokensOut": 3, "model": "local-model"}
    assert KEY not in ran.store.log(run_id).read_text()


def test_a_resume_uses_the_provider_of_the_original(
    ran: World, oe: Oe, answers: OpenAIApi, through_openai: dict[str, str]
) -> None:
    assert "restored" in oe("resume", "latest", "--plan", **through_openai).out

    resumed = oe("resume", "latest", **through_openai)

    assert (resumed.code, len(answers.requests)) == (0, 1)


def test_another_provider_runs_the_agent_again_and_the_plan_says_so(
    ran: World, oe: Oe, answers: OpenAIApi, through_openai: dict[str, str]
) -> None:
    with MessagesApi(messages_api.text("Bats.")) as other:
        env = {"ANTHROPIC_BASE_URL": other.url, "ANTHROPIC_API_KEY": KEY, **through_openai}
        plan = oe("resume", "latest", "--plan", "--llm", "anthropic", **env).out
        resumed = oe("--log-format", "json", "resume", "latest", "--llm", "anthropic", **env)

    assert "provider changed" in plan
    assert (resumed.code, len(other.requests), len(answers.requests)) == (0, 1, 1)


def test_an_unknown_provider_is_wrong_usage(oe: Oe, world: World) -> None:
    wrong = oe("run", "--llm", "gemini")

    assert wrong.code == 2
    assert "anthropic" in wrong.err


@pytest.fixture
def asking(world: World) -> World:
    """An agent; which provider it asks is nobody's choice."""
    world.graph("- {id: a, kind: agent, prompt: Say something., writes: [said]}", state="said: {type: string}")
    return world


def test_a_run_uses_the_only_provider_whose_key_is_set_and_says_so(
    asking: World, oe: Oe, through_openai: dict[str, str]
) -> None:
    ended = oe("--log-format", "json", "run", **through_openai)

    assert (ended.code, ended.lines[-1]["finalState"]) == (0, {"said": "Owls."})
    assert ended.err == (
        "oe: agents and skills use openai, since OPENAI_API_KEY is set and ANTHROPIC_API_KEY is not. "
        "Use --llm to choose another.\n"
    )
    assert "asks    127.0.0.1" in oe("run", "--plan", **through_openai).out


def test_an_explicit_provider_wins_over_the_key_that_is_set(
    asking: World, oe: Oe, through_openai: dict[str, str]
) -> None:
    ended = oe("run", "--llm", "anthropic", **through_openai)

    assert (ended.code, ended.out) == (1, "")
    assert "no key for Anthropic" in ended.err


def test_a_resume_keeps_the_provider_of_the_original_whatever_keys_are_set(
    asking: World, oe: Oe, through_openai: dict[str, str]
) -> None:
    rejected = messages_api.status(401)
    with MessagesApi(rejected) as other:
        env = {"ANTHROPIC_BASE_URL": other.url, "ANTHROPIC_API_KEY": KEY}
        failed = oe("run", "--llm", "anthropic", **env, **through_openai)
    resumed = oe("resume", "latest", **through_openai)

    assert (failed.code, resumed.code) == (1, 1)
    assert "no key for Anthropic" in resumed.err


def test_without_an_agent_no_provider_is_mentioned(world: World, oe: Oe, through_openai: dict[str, str]) -> None:
    world.tool("echo", "return {'state_delta': {'said': 'hi'}}")
    world.graph("- {id: a, kind: tool, impl: ./echo.py, writes: [said]}", state="said: {type: string}")

    assert oe("run", **through_openai).err == ""


BROKEN = {"choices": [{"message": {"content": "The answer is that we sho"}, "finish_reason": "error"}]}


def test_a_partial_answer_is_requested_again_and_never_restored(asking: World, oe: Oe) -> None:
    half = Answer(200, json.dumps({**BROKEN, "error": {"code": 502, "message": "Upstream timeout"}}).encode())
    with OpenAIApi(half, openai_api.text("Owls.")) as api:
        ended = oe("--log-format", "json", "run", OPENAI_BASE_URL=api.base_url, OPENAI_API_KEY=KEY)

    assert (ended.code, ended.lines[-1]["finalState"]) == (0, {"said": "Owls."})
    (run_id,) = asking.store.run_ids()
    events = [json.loads(line) for line in asking.store.log(run_id).read_text().splitlines()]
    (attempt,) = (event for event in events if event["type"] == "node.attempt")
    assert attempt["error"]["message"] == "the server failed with 502 (Upstream timeout); try again later"
