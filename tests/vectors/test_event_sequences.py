"""A.4: the events of one node in the log, in order, by the names that this project gives them."""

from __future__ import annotations

import json

import pytest

from engine.experience.load import InvalidExperienceError, load
from engine.log.events.events import NodeCompleted, NodeStarted
from engine.runner.prepare import prepare_run
from tests.standins.messages_api import MessagesApi, text, tool_use
from tests.support.worlds import World

TWO_FIELDS = "x: {type: number}\ny: {type: number}"


async def test_a_tool_that_writes_two_fields(world: World) -> None:
    """The writes stand in the node's own end: they are either all there or none is."""
    world.graph("- {id: a, kind: tool, impl: a.py, writes: [x, y]}", state=TWO_FIELDS)
    world.tool("a", "return {'state_delta': {'x': 1, 'y': 2}}")

    ended = await world.run()

    assert world.types(ended.run_id) == ["run.started", "node.started", "node.completed", "run.finished"]


STRUCTURED = ", schema: {type: object, properties: {said: {type: string}}}"


@pytest.mark.parametrize(
    ("schema", "answer", "checks"),
    [("", text("fine"), []), (STRUCTURED, tool_use({"said": "fine"}), ["node.activity"])],
    ids=["text", "structured"],
)
async def test_an_agent(
    world: World, monkeypatch: pytest.MonkeyPatch, schema: str, answer: object, checks: list[str]
) -> None:
    """It calls, says what the call took, and checks an answer that has a schema."""
    world.graph(f"- {{id: a, kind: agent, prompt: Hello, writes: [said]{schema}}}", state="said: {type: string}")
    with MessagesApi(answer) as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "key")
        ended = await world.run()

    calls = ["node.activity", "node.tokens"]
    assert world.types(ended.run_id, of="a") == ["node.started", *calls, *checks, "node.completed"]
    assert ended.final_state == {"said": "fine"}


async def test_a_dataset(world: World) -> None:
    source = "{type: file, uri: rows.json}"
    world.graph(f"- {{id: a, kind: dataset, source: {source}, writes: [rows]}}", state="rows: {type: array}")
    world.write("rows.json", json.dumps([{"n": 1}]))

    ended = await world.run()

    assert world.types(ended.run_id, of="a") == ["node.started", "node.activity", "node.completed"]


async def test_what_is_restored_does_not_start(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py, writes: [x]}", state=TWO_FIELDS)
    world.tool("a", "return {'state_delta': {'x': 1}}")
    await world.run()

    resumed = await world.resume()

    assert world.types(resumed.run_id, of="a") == ["node.cached"]


async def test_a_node_that_fails_three_times(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py, on_error: {policy: retry, attempts: 3, base_ms: 1}}")
    world.tool("a", "raise ValueError('no')")

    ended = await world.run()

    assert world.types(ended.run_id, of="a") == ["node.started", "node.attempt", "node.attempt", "node.failed"]


async def test_a_run_that_a_failure_stops_still_has_its_end(world: World) -> None:
    world.graph(
        "- {id: a, kind: tool, impl: a.py, on_error: {policy: fail_run}}\n- {id: b, kind: tool, impl: a.py}",
        "[{from: a, to: b}]",
    )
    world.tool("a", "raise ValueError('no')")

    ended = await world.run()

    assert world.types(ended.run_id) == ["run.started", "node.started", "node.failed", "node.cancelled", "run.finished"]


async def test_a_skipped_node(world: World) -> None:
    world.graph(
        "- {id: a, kind: tool, impl: a.py}\n- {id: b, kind: tool, impl: a.py}",
        "[{from: a, to: b, when: $.x > 1}]",
        "x: {type: number, default: 1}",
    )
    world.tool("a", "return {'edge_output': 1}")

    ended = await world.run()

    assert world.types(ended.run_id, of="b") == ["node.skipped"]


async def test_a_fan_out_over_three_items_one_by_one(world: World) -> None:
    """The items between a beginning that counts them and an end that says how they ended; each is named."""
    world.graph(
        "- {id: a, kind: tool, impl: a.py, for_each: {source: $.items}}",
        state="items: {type: array, default: [a, b, c]}",
    )
    world.tool("a", "return {'edge_output': item}")

    ended = await world.run(concurrency=1)

    each = ["node.started", "node.completed"] * 3
    assert world.types(ended.run_id, of="a") == ["node.started", *each, "node.completed"]
    events = [record.event for record in world.records(ended.run_id)][1:-1]
    indexes = [event.scope[-1].item.index for event in events if event.scope]  # type: ignore[union-attr]
    assert indexes == [0, 0, 1, 1, 2, 2]
    first, last = events[0], events[-1]
    assert isinstance(first, NodeStarted)
    assert isinstance(last, NodeCompleted)
    assert first.items == 3
    assert last.counts is not None
    assert last.counts.completed == 3


async def test_a_fan_out_over_nothing_is_in_the_log_all_the_same(world: World) -> None:
    world.graph(
        "- {id: a, kind: tool, impl: a.py, for_each: {source: $.items}}", state="items: {type: array, default: []}"
    )
    world.tool("a", "return {'edge_output': item}")

    ended = await world.run()

    assert world.types(ended.run_id, of="a") == ["node.started", "node.completed"]


def test_a_graph_that_goes_in_a_circle_never_becomes_a_run(world: World) -> None:
    world.graph(
        "- {id: a, kind: tool, impl: a.py}\n- {id: b, kind: tool, impl: a.py}", "[{from: a, to: b}, {from: b, to: a}]"
    )

    with pytest.raises(InvalidExperienceError, match="a → b → a"):
        prepare_run(load(world.folder), {})
    assert not world.store.data.exists()
