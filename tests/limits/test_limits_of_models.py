"""Limits 1, 12, 17 and 20: what a model is asked, what becomes of its answer, and what it costs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.log.events.events import NodeAttempt, NodeCompleted, NodeFailed, NodeWarning, RunStatus
from engine.log.writing.attempt_outputs import output_folder
from tests.limits.conftest import Model, events
from tests.standins.messages_api import status, text, tool_use
from tests.support.coding_agents import CodingAgents
from tests.support.worlds import World


async def test_limit_01_items_and_dotted_paths_reach_the_prompt(world: World, model: Model) -> None:
    world.graph(
        "- {id: a, kind: agent, prompt: 'Review {{$item.name}} of {{$item}} in {{place.city}}', "
        "for_each: {source: $.files}, reads: [place], writes: [said]}",
        state="files: {type: array, default: [{name: one.py}, {name: two.py}]}\n"
        "place: {type: object, default: {city: Oslo}}\nsaid: {}",
    )
    api = model(text("fine"))

    await world.run(concurrency=1)

    assert [request["messages"][0]["content"] for request in api.requests] == [
        'Review one.py of {"name":"one.py"} in Oslo',
        'Review two.py of {"name":"two.py"} in Oslo',
    ]


async def test_limit_12_an_undeclared_key_is_dropped_and_the_paid_answer_kept(world: World, model: Model) -> None:
    world.graph(
        "- {id: a, kind: agent, prompt: Hello, writes: [verdict], "
        "schema: {type: object, properties: {verdict: {type: string}}}}",
        state="verdict: {type: string}\nother: {type: string}",
    )
    model(tool_use({"verdict": "good", "other": "not named in writes", "mood": "not declared at all"}))

    ended = await world.run()

    assert ended.final_state == {"verdict": "good"}
    warnings = " ".join(event.message for event in events(world, ended.run_id, NodeWarning))
    assert "mood" in warnings
    assert "other" in warnings


async def test_limit_17_more_than_429_is_tried_again_after_a_wait_that_is_logged(world: World, model: Model) -> None:
    world.graph("- {id: a, kind: agent, prompt: Hello, writes: [said]}", state="said: {}")
    model(status(529, retry_after=0), status(500, retry_after=0), text("fine"))

    ended = await world.run()

    assert ended.finished.status is RunStatus.SUCCESS
    tries = events(world, ended.run_id, NodeAttempt)
    assert [(event.level, event.attempt) for event in tries] == [("llm", 1), ("llm", 2)]
    assert all(event.wait_ms > 0 for event in tries), "Retry-After: 0 for everybody is a stampede; jitter spreads it"


async def test_limit_20_cost_is_counted_per_node_and_run(world: World, model: Model) -> None:
    world.graph("- {id: a, kind: agent, prompt: Hello, model: claude-haiku-4-5, writes: [said]}", state="said: {}")
    model(text("fine", tokens=(1_000_000, 100_000)))

    ended = await world.run()

    metrics = events(world, ended.run_id, NodeCompleted)[0].metrics
    assert (metrics.tokens_in, metrics.tokens_out, metrics.model) == (1_000_000, 100_000, "claude-haiku-4-5")
    assert metrics.cost_usd > 0
    assert ended.finished.spent.cost_usd == metrics.cost_usd


def exchange(world: World, run_id: str, attempt_id: str) -> list[tuple[str, Any]]:
    """What was sent, received and failed in an attempt, in order."""
    file = output_folder(world.store, run_id) / f"{attempt_id}.exchange.jsonl"
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert all(set(line) > {"ts"} for line in lines)
    return [(what, content) for line in lines for what, content in line.items() if what != "ts"]


async def test_limit_20_what_a_model_was_asked_and_what_it_answered_is_kept_word_by_word(
    world: World, model: Model
) -> None:
    """A call that is repeated, an answer that does not fit, and its repair."""
    world.graph(
        "- {id: a, kind: agent, model: claude-haiku-4-5, system: Be brief, temperature: 0, prompt: 'Judge {{x}}', "
        "reads: [x], writes: [verdict], schema: {type: object, properties: {verdict: {type: string}}}}",
        state="x: {default: Grünkohl}\nverdict: {type: string}",
    )
    api = model(status(529, "busy", retry_after=0), tool_use({"verdict": 5}), tool_use({"verdict": "good"}))

    ended = await world.run()

    attempt_id = events(world, ended.run_id, NodeCompleted)[0].attempt_id
    told = exchange(world, ended.run_id, attempt_id)
    assert [what for what, _ in told] == ["sent", "failed", "received", "sent", "received"]
    asked = [content for what, content in told if what == "sent"]
    assert [(sent["provider"], sent["model"], sent["system"], sent["temperature"]) for sent in asked] == [
        ("anthropic", "claude-haiku-4-5", "Be brief", 0)
    ] * 2
    assert asked[0]["messages"] == [{"role": "user", "text": "Judge Grünkohl"}]
    assert [[turn["text"] for turn in sent["messages"]] for sent in asked] == [
        [turn["content"] for turn in request["messages"]] for request in api.requests[1:]
    ]
    assert [content["content"][0]["input"] for what, content in told if what == "received"] == [
        {"verdict": 5},
        {"verdict": "good"},
    ]
    assert "busy" in told[1][1]


async def test_limit_20_what_was_asked_is_kept_where_nothing_came_back(world: World, model: Model) -> None:
    world.graph("- {id: a, kind: agent, prompt: 'Hello sk-key-of-the-test', writes: [said]}", state="said: {}")
    model(status(400, "no"))

    ended = await world.run()

    failed = events(world, ended.run_id, NodeFailed)[0]
    (_, sent), (what, said) = exchange(world, ended.run_id, failed.attempt_id)
    assert sent["messages"][0]["text"] == "Hello ***", "secrets are masked here as everywhere"
    assert (what, said) == ("failed", failed.error.message)


async def test_limit_20_what_a_coding_agent_was_asked_and_what_it_answered_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.graph("- {id: a, kind: cli-agent, provider: codex, prompt: Look around, writes: [said]}", state="said: {}")
    agents = CodingAgents(world.folder, monkeypatch)
    agents.answers({"answer": "all well", "progress": ["looking"]})

    ended = await world.run()

    attempt_id = events(world, ended.run_id, NodeCompleted)[0].attempt_id
    (_, sent), (_, received) = exchange(world, ended.run_id, attempt_id)
    assert (sent["provider"], sent["prompt"], sent["command"][1:]) == ("codex", "Look around", agents.calls[0].argv)
    assert received == {"exitCode": 0, "stdout": "all well\n"}
