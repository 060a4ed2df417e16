"""Limits 2 to 5, 22 and 23: args, what a result is recognised by, and taking a run up again."""

from __future__ import annotations

import json

import pytest

from engine.log.events.events import NodeCached
from engine.log.storage.lock import RunLock
from engine.runner.prepare import RunRefusedError
from tests.limits.conftest import Model, events
from tests.standins import openai_api
from tests.standins.messages_api import text
from tests.standins.openai_api import OpenAIApi
from tests.support.coding_agents import CodingAgents
from tests.support.commands import OE, call
from tests.support.worlds import World


async def test_limit_02_run_args_reach_nodes_and_defaults_seed_the_state(world: World) -> None:
    world.graph(
        "- {id: a, kind: tool, impl: a.py, args: {city: $args.city}, reads: [seed], writes: [got]}",
        state="seed: {default: 7}\ngot: {type: array}",
    )
    world.tool("a", "return {'state_delta': {'got': [input['city'], input['_args']['city'], state['seed']]}}")

    ended = await world.run({"city": "Oslo"})

    assert ended.final_state["got"] == ["Oslo", "Oslo", 7]


@pytest.mark.parametrize("file", ["prompt.md", "tool.py", "imported.py"])
async def test_limit_03_an_edited_file_makes_its_node_run_again(world: World, model: Model, file: str) -> None:
    world.graph(
        "- {id: agent, kind: agent, prompt: prompt.md, writes: [said]}\n"
        "- {id: tool, kind: tool, impl: tool.py, uses: [imported.py]}",
        state="said: {}",
    )
    world.write("prompt.md", "Say it")
    world.write("imported.py", "ANSWER = 1\n")
    world.tool("tool", "import imported\nreturn {'edge_output': imported.ANSWER}")
    model(text("fine"))
    await world.run()
    with (world.folder / file).open("a") as edited:
        edited.write("\n# edited\n")

    resumed = await world.resume()

    assert world.restored(resumed.run_id) == (["tool"] if file == "prompt.md" else ["agent"])


async def test_limit_04_restoring_appends_nothing_twice_and_is_seen(world: World, model: Model) -> None:
    world.graph(
        "- {id: list, kind: tool, impl: list.py, writes: [found, once]}\n"
        "- {id: agent, kind: agent, prompt: Hello, writes: [said]}",
        state="found: {type: array, merge: array_append}\nonce: {merge: set_once}\nsaid: {}",
    )
    world.tool("list", "return {'state_delta': {'found': [1], 'once': 'a'}}")
    model(text("fine", tokens=(100, 10)))
    first = await world.run()

    resumed = await world.resume()

    assert resumed.final_state == first.final_state == {"found": [1], "once": "a", "said": "fine"}
    assert sorted(world.restored(resumed.run_id)) == ["agent", "list"]
    assert (first.finished.spent.tokens_in, resumed.finished.spent.tokens_in) == (100, 0)
    assert resumed.finished.inherited.tokens_in == 100


@pytest.fixture
def kinds(world: World) -> World:
    """A tool, then a coding agent that sees what it wrote, then an agent that sees what that wrote."""
    world.graph(
        "- {id: a, kind: tool, impl: a.py, reads: [start], writes: [x]}\n"
        "- {id: b, kind: cli-agent, provider: codex, prompt: 'Look at {{x}}', reads: [x], writes: [seen]}\n"
        "- {id: c, kind: agent, prompt: 'From {{start}}, sum up {{seen}}', reads: [seen, start], writes: [said]}",
        "[{from: a, to: b}, {from: b, to: c}]",
        "start: {default: 41}\nx: {type: number}\nseen: {type: string}\nsaid: {type: string}",
    )
    world.tool("a", "return {'state_delta': {'x': state['start'] + 1}}")
    return world


async def test_limit_05_a_resume_restores_the_state_and_runs_every_kind(
    kinds: World, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without_codex:
        without_codex.setenv("PATH", "/usr/bin:/bin")
        first = await kinds.run()
    assert first.finished.reason == "failed at b"
    codex = CodingAgents(kinds.folder, monkeypatch)
    codex.answers({"answer": "an answer"})
    api = model(text("fine"))

    resumed = await kinds.resume()

    assert kinds.restored(resumed.run_id) == ["a"]
    assert [call.prompt for call in codex.calls] == ["Look at 42"]
    assert [request["messages"][0]["content"] for request in api.requests] == ["From 41, sum up an answer\n"]
    assert resumed.final_state == {"start": 41, "x": 42, "seen": "an answer\n", "said": "fine"}


@pytest.mark.parametrize(("first", "then"), [("openai", []), ("anthropic", ["--llm", "openai"])])
def test_limit_05_a_resume_asks_the_provider_of_the_original_or_the_one_that_it_is_told(
    kinds: World, monkeypatch: pytest.MonkeyPatch, first: str, then: list[str]
) -> None:
    """In the original the model refuses, or has no key."""
    codex = CodingAgents(kinds.folder, monkeypatch)
    codex.answers({"answer": "an answer"})
    with OpenAIApi(openai_api.status(400)) as refusing:
        env = {"OPENAI_BASE_URL": refusing.base_url, "OE_OPENAI_MODEL": "local-model"}
        assert call([*OE, "run", "--llm", first], kinds.folder, env).code == 1

    with OpenAIApi(openai_api.text("fine")) as answering:
        env["OPENAI_BASE_URL"] = answering.base_url
        resumed = call([*OE, "--log-format", "json", "resume", "latest", *then], kinds.folder, env)

    assert resumed.code == 0
    assert [line["nodeId"] for line in resumed.lines if line["msg"] == "node.cached"] == ["a", "b"]
    assert [(request["model"], request["messages"][0]["content"]) for request in answering.requests] == [
        ("local-model", "From 41, sum up an answer\n")
    ]
    assert len(codex.calls) == 1


async def test_limit_22_a_run_that_is_written_to_is_left_alone_and_others_go_on(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py, writes: [x]}", state="x: {}")
    world.tool("a", "return {'state_delta': {'x': 1}}")
    first = await world.run()
    log = world.store.log(first.run_id)
    log.write_bytes(log.read_bytes().rsplit(b"\n", 2)[0] + b"\n")
    lock = RunLock(world.store.lock(first.run_id), "2026-01-02T03:04:05.678Z")

    with pytest.raises(RunRefusedError, match="still running"):
        await world.resume(first.run_id)
    other = await world.run()
    lock.release()

    assert other.final_state == {"x": 1}
    assert (await world.resume(first.run_id)).final_state == {"x": 1}


@pytest.mark.parametrize("lost", [1, 40, 400])
async def test_limit_22_a_line_that_was_being_written_when_the_power_went_costs_only_itself(
    world: World, lost: int
) -> None:
    """The last line is the completion of `b`, and longer than what is lost of it."""
    world.graph(
        "- {id: a, kind: tool, impl: a.py, writes: [x]}\n- {id: b, kind: tool, impl: b.py, writes: [y]}",
        "[{from: a, to: b}]",
        "x: {}\ny: {}",
    )
    world.tool("a", "return {'state_delta': {'x': 1}}")
    world.tool("b", "return {'state_delta': {'y': 'y' * 400}}")
    log = world.store.log((await world.run()).run_id)
    log.write_bytes(log.read_bytes().rsplit(b"\n", 2)[0][:-lost])
    world.executed()

    resumed = await world.resume()

    assert (world.restored(resumed.run_id), world.executed()) == (["a"], ["b"])
    assert resumed.final_state == {"x": 1, "y": "y" * 400}


def test_limit_22_a_reset_of_the_state_leaves_nothing_that_brings_it_back(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py, reads: [x], writes: [x]}", state="x: {default: 0, persist: true}")
    world.tool("a", "return {'state_delta': {'x': state['x'] + 1}}")
    for _ in range(2):
        oe(world, "run")
    assert oe(world, "state", "x") == "2\n"

    oe(world, "state", "reset", "--yes")

    assert [path.name for path in world.store.data.glob("state.sqlite*")] == ["state.sqlite"]
    assert "no run has written to a field" in oe(world, "state")
    oe(world, "state", "rebuild")
    oe(world, "run", "--keep-state")
    assert oe(world, "state", "x") == "1\n"


def oe(world: World, *args: str) -> str:
    """What `oe` prints; it must succeed."""
    done = call([*OE, *args], world.folder)
    assert done.code == 0, done.err
    return done.out


def test_limit_23_runs_are_listed_latest_is_a_name_and_scripts_get_the_id(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py}")
    world.tool("a", "return {'edge_output': 1}")

    last_line = json.loads(oe(world, "--log-format", "json", "run").splitlines()[-1])
    resumed = json.loads(oe(world, "--log-format", "json", "resume", "latest").splitlines()[-1])

    assert resumed["originalRunId"] == last_line["runId"]
    listed = oe(world, "runs")
    assert all(run_id[:8] in listed for run_id in (last_line["runId"], resumed["runId"]))


async def test_what_was_restored_says_where_it_comes_from(world: World) -> None:
    """The part of limit 4 that no public event shows."""
    world.graph("- {id: a, kind: tool, impl: a.py}")
    world.tool("a", "return {'edge_output': 1}")
    first = await world.run()

    resumed = await world.resume()

    assert events(world, resumed.run_id, NodeCached)[0].produced_by.run_id == first.run_id
