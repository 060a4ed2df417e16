"""Secrets reach tools and nothing else: no log, no viewer, no resume."""

from __future__ import annotations

import json

import pytest

from engine.cache.decisions.decision import Answer
from engine.experience.load import load
from engine.log.events.events import NodeCompleted, Record, RunStarted, RunWarning
from engine.runner.prepare import RunRefusedError, prepare_run
from engine.runner.secrets import find_secrets
from engine.runner.session import carry_out, new_run_id
from engine.state.store import StateStore
from tests.support.worlds import World

TOKEN = 'tök"en-wxyz'


@pytest.fixture
def world(tmp_path) -> World:
    world = World(tmp_path)
    world.graph("- {id: a, kind: tool, impl: a.py, writes: [x]}\n- {id: b, kind: tool, impl: b.py}", state="x: {}")
    declare(world, "token: {type: string, writeOnly: true}", "city: {type: string}")
    world.tool("a", "return {'state_delta': {'x': ['seen', input['_args']['token']]}}")
    world.tool("b", "return {'edge_output': len(input['_args']['token'])}")
    return world


def declare(world: World, *args: str) -> None:
    path = world.folder / "experience.yaml"
    text = path.read_text().partition("args:")[0]
    path.write_text(text + "args:\n  type: object\n  properties:\n" + "".join(f"    {arg}\n" for arg in args))


async def test_a_secret_reaches_the_tool_and_neither_the_log_nor_its_watchers(world: World) -> None:
    seen: list[Record] = []
    run_id = new_run_id()

    ended = await carry_out(prepare_run(load(world.folder), {"token": TOKEN, "city": "Oslo"}), run_id, seen.append)

    assert ended.final_state == {"x": ["seen", TOKEN]}
    log = world.store.log(run_id).read_text(encoding="utf-8")
    assert "wxyz" not in log
    assert "wxyz" not in repr(seen)
    assert world.records(run_id)[0].event.args == {"token": "***", "city": "Oslo"}  # type: ignore[union-attr]


async def test_an_output_that_holds_one_is_not_restored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    done = await world.run({"token": TOKEN})
    completed = [record.event for record in world.records(done.run_id) if isinstance(record.event, NodeCompleted)]
    assert {event.node_id: event.restorable for event in completed} == {"a": False, "b": True}
    world.executed()
    monkeypatch.setenv("OE_ARG_TOKEN", TOKEN)

    resumed = await world.resume(done.run_id)

    assert world.executed() == ["a"]
    assert resumed.final_state == {"x": ["seen", TOKEN]}


async def test_a_resume_asks_for_the_secret_by_the_name_of_a_variable(world: World) -> None:
    done = await world.run({"token": TOKEN})

    with pytest.raises(RunRefusedError, match="OE_ARG_TOKEN"):
        await world.resume(done.run_id)


async def test_a_secret_inside_an_arg_is_masked_and_the_whole_arg_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(
        world,
        "token: {type: object, properties: {user: {type: string}, pin: {type: integer, writeOnly: true}}}",
        "list: {type: array, items: {$ref: '#/properties/one'}}",
        "one: {type: string, writeOnly: true}",
    )
    given = {"token": {"user": "anna", "pin": 48151623}, "list": ["in-a-list-too"]}

    done = await world.run(given)

    log = world.store.log(done.run_id).read_text(encoding="utf-8")
    assert "48151623" not in log
    assert "in-a-list-too" not in log
    monkeypatch.setenv("OE_ARG_TOKEN", json.dumps(given["token"]))
    monkeypatch.setenv("OE_ARG_LIST", json.dumps(given["list"]))
    resumed = await world.resume(done.run_id)
    assert resumed.final_state == {"x": ["seen", given["token"]]}


@pytest.mark.parametrize("secret", ["success", "node.completed", "run.started", "2026", "last_wins", "true", "0000"])
async def test_a_secret_that_reads_like_a_part_of_the_log_leaves_the_log_whole(world: World, secret: str) -> None:
    done = await world.run({"token": secret})

    assert world.types(done.run_id, of="a")[-1] == "node.completed"
    assert f'"seen","{secret}"' not in world.store.log(done.run_id).read_text()


async def test_the_keys_of_providers_are_secrets(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-wxyz")

    done = await world.run({"token": "nothing", "city": "sk-ant-wxyz"})

    assert "wxyz" not in world.store.log(done.run_id).read_text()


@pytest.mark.parametrize("value", ["test", "con", "ollama", "not-needed", "xxxxxxxxxxxx"])
async def test_a_key_that_can_be_none_turns_no_data_into_a_mask_and_is_warned_of_once(
    world: World, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", value)
    world.tool(
        "a", "word = input['_args']['city']\nreturn {'state_delta': {'x': {word: 1, 'la' + word: 'con' + word}}}"
    )

    done = await world.run({"token": TOKEN, "city": value})

    records = world.records(done.run_id)
    [warning] = [record.event.message for record in records if isinstance(record.event, RunWarning)]
    assert "ANTHROPIC_API_KEY" in warning
    assert StateStore(world.store.data).values()["x"].value == {value: 1, f"la{value}": f"con{value}"}
    monkeypatch.setenv("OE_ARG_TOKEN", TOKEN)
    world.executed()
    await world.resume(done.run_id)
    assert world.executed() == []


async def test_what_a_header_takes_from_the_environment_is_looked_for_only_where_it_can_be_a_secret(
    world: World,
) -> None:
    world.graph(
        '- {id: a, kind: dataset, source: {type: http, url: "http://127.0.0.1:9", '
        'headers: {X-Tenant: "${TENANT}", X-Key: "${ROWS_TOKEN}"}}, writes: [x]}',
        state="x: {}",
    )
    composition = prepare_run(load(world.folder), {}).composition

    found = find_secrets(composition, {}, {"TENANT": "acme", "ROWS_TOKEN": "t0ken-98765"})

    assert found.secrets.masked_value(["acme", "t0ken-98765"]) == ["acme", "***"]
    assert list(found.ignored) == ["TENANT"]


async def test_a_starting_value_that_holds_one_is_not_in_the_log_and_a_resume_takes_the_default(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-wxyz")
    world.graph("- {id: a, kind: tool, impl: a.py, reads: [x]}", state="x: {default: [is sk-ant-wxyz]}")
    world.tool("a", "return {'edge_output': len(state['x'][0])}")
    done = await world.run()
    started = world.records(done.run_id)[0].event
    assert isinstance(started, RunStarted)
    assert (started.state, started.masked_state) == ({}, ("x",))

    resumed = await world.resume(done.run_id)

    assert resumed.final_state == {"x": ["is sk-ant-wxyz"]}
    assert world.restored(resumed.run_id) == ["a"]


async def test_a_resume_is_refused_where_what_earlier_runs_had_left_is_masked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py, reads: [x], writes: [x]}", state="x: {persist: true}")
    world.tool("a", "return {'state_delta': {'x': 'is sk-ant-wxyz'}}")
    await world.run()
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-wxyz")
    done = await world.run()

    with pytest.raises(RunRefusedError, match="had left in x holds a secret"):
        await world.resume(done.run_id)


async def test_an_arg_that_happens_to_hold_a_key_is_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-wxyz")
    declare(world, "city: {type: string}", "token: {type: string}")
    done = await world.run({"token": "nothing", "city": "at sk-ant-wxyz"})
    started = world.records(done.run_id)[0].event
    assert isinstance(started, RunStarted)
    assert (started.args["city"], started.masked_args) == ("***", ("city",))

    with pytest.raises(RunRefusedError, match="OE_ARG_CITY"):
        await world.resume(done.run_id)

    monkeypatch.setenv("OE_ARG_CITY", "at sk-ant-wxyz")
    assert world.prepared(done.run_id).args == {"token": "nothing", "city": "at sk-ant-wxyz"}


async def test_an_arg_that_is_no_secret_any_more_is_asked_for_since_the_log_masks_it(world: World) -> None:
    done = await world.run({"token": TOKEN})
    declare(world, "token: {type: string}")

    with pytest.raises(RunRefusedError, match="OE_ARG_TOKEN"):
        await world.resume(done.run_id)


async def test_an_outcome_that_holds_what_is_a_secret_by_now_runs_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(world, "city: {type: string}")
    world.tool("a", "return {'state_delta': {'x': 'is sk-ant-wxyz'}}")
    world.tool("b", "return {'edge_output': 1}")
    first = await world.run({"city": "Oslo"})
    world.executed()
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-wxyz")

    for overrides in ({}, {"accept": ("a",)}):
        resumed = await world.resume(first.run_id, overrides)
        assert world.executed() == ["a"]
        assert resumed.final_state == {"x": "is sk-ant-wxyz"}
        assert "wxyz" not in world.store.log(resumed.run_id).read_text()
    [a, b] = world.plan(first.run_id).entries
    assert (a.answer, a.reasons) == (
        Answer.WILL_RUN,
        ("not restorable: its output holds a secret, which the log masks",),
    )
    assert b.answer is Answer.RESTORED
