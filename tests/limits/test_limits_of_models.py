"""Limits 1, 12, 17 and 20: what a model is asked, what becomes of its answer, and what it costs."""

from __future__ import annotations

from engine.log.events import NodeAttempt, NodeCompleted, NodeWarning, RunStatus
from tests.limits.conftest import Model, events
from tests.standins.messages_api import status, text, tool_use
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
