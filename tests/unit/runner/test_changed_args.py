"""`oe resume --args`: the args are merged, and only nodes that receive a changed one run again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.cache.decisions.decision import Answer
from engine.cache.plan.plan_entries import Entry
from engine.log.events.events import RunStatus
from engine.runner.prepare import RunRefusedError
from tests.standins.messages_api import MessagesApi, text
from tests.support.worlds import World

NODES = """
- {id: bare, kind: agent, prompt: Say hello, writes: [bare]}
- {id: inserts, kind: agent, prompt: "About {{$args.topic}}", writes: [inserts]}
- {id: all, kind: agent, prompt: "Given {{$args}}", writes: [all]}
- {id: given, kind: agent, prompt: "Of {{name}}", args: {name: $args.name}, writes: [given]}
- {id: skilled, kind: skill, impl: ./skill, inputs: {about: $args.topic}, writes: [skilled]}
- {id: rows, kind: dataset, source: {type: file, uri: $args.file}, writes: [rows]}
- {id: each, kind: agent, prompt: "{{$item}}", for_each: {source: $args.list}, writes: [each]}
- {id: tool, kind: tool, impl: tool.py, writes: [tool]}
- {id: nests, kind: experience, impl: ./inner, args: {topic: $args.topic, name: $args.name}, writes: [said]}
"""
INNER = """
name: inner
version: 1.0.0
state: {schema: {said: {type: string}}}
graph:
  edges: []
  nodes:
  - {id: inside, kind: agent, prompt: "Tell {{$args.topic}}", writes: [said]}
"""
ARGS = {"topic": "tea", "name": "Ann", "file": "rows.csv", "list": ["x", "y"]}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = World(tmp_path)
    fields = ("bare", "inserts", "all", "given", "skilled", "rows", "tool", "said", "each")
    world.graph(NODES, state="\n".join(f"{name}: {{}}" for name in fields))
    world.write("inner/experience.yaml", INNER)
    world.write("skill/SKILL.md", "Be brief.")
    world.write("rows.csv", "a\n1\n")
    world.write("other.csv", "a\n2\n")
    world.tool("tool", "return {'state_delta': {'tool': input['_args']['topic']}}")
    with MessagesApi(echo) as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "key")
        yield world


def echo(request: dict[str, Any]) -> Any:
    return text(str(request["messages"]))(request)


def will_run(entries: tuple[Entry, ...]) -> set[str]:
    """The nodes that a plan runs; of a nested experience, what runs inside it."""
    found: set[str] = set()
    for entry in entries:
        if entry.items and entry.part == "node":
            found |= will_run(entry.items)
        elif entry.answer is not Answer.RESTORED:
            found.add(entry.node_id)
    return found


def ran(world: World, run_id: str) -> set[str]:
    events = [record.event for record in world.records(run_id) if record.event.type == "node.started"]
    return {getattr(event, "node_id", "") for event in events if getattr(event, "attempt_id", None)}


CHANGES: tuple[tuple[dict[str, Any], set[str]], ...] = (
    ({"topic": "tea"}, set()),
    ({"topic": "rum"}, {"tool", "inserts", "all", "skilled", "inside"}),
    ({"name": "Bob"}, {"tool", "all", "given"}),
    ({"file": "other.csv"}, {"tool", "all", "rows"}),
    ({"list": ["x", "z"]}, {"tool", "all", "each"}),
    ({"unheard": 1}, {"tool", "all"}),
)
"""Args, and the nodes that receive one that changed; the tool receives all."""


async def test_only_what_receives_a_changed_arg_runs_again_as_planned(world: World) -> None:
    """And that lasts: the next resume, which is given none, has the args of this one and restores all."""
    original = await world.run(ARGS)
    assert original.finished.status is RunStatus.SUCCESS

    for changed, receive_it in CHANGES:
        plan = world.plan(original.run_id, args=changed)
        resumed = await world.resume(original.run_id, args=changed)

        assert ran(world, resumed.run_id) == will_run(plan.entries) == receive_it
        assert will_run(world.plan(resumed.run_id).entries) == set()


async def test_the_result_is_that_of_a_new_run_with_these_args(world: World) -> None:
    changed = {"topic": "rum", "list": ["y"]}
    original = await world.run(ARGS)

    resumed = await world.resume(original.run_id, args=changed)
    back = await world.resume(resumed.run_id, args=ARGS)
    fresh = await world.run({**ARGS, **changed})

    assert resumed.final_state == fresh.final_state
    assert ran(world, back.run_id) == set()  # the outcomes of the first run count as well
    assert back.final_state == original.final_state


async def test_a_plan_with_other_args_has_another_digest_even_if_it_restores_all(world: World) -> None:
    world.graph("- {id: bare, kind: agent, prompt: Say hello, writes: [bare]}", state="bare: {}")
    await world.run(ARGS)

    same, other = world.plan(args={"topic": "tea"}), world.plan(args={"topic": "rum"})

    assert will_run(other.entries) == set()
    assert same.digest == world.plan().digest != other.digest


async def test_args_are_checked_as_those_of_a_run_are(world: World) -> None:
    path = world.folder / "experience.yaml"
    path.write_text(path.read_text() + "args: {type: object, properties: {topic: {type: string}}}\n")
    await world.run(ARGS)

    with pytest.raises(RunRefusedError, match="the arg `topic` must be text, not the number 5"):
        world.prepared(args={"topic": 5})


async def test_a_secret_that_is_given_needs_no_variable(world: World) -> None:
    world.graph("- {id: tool, kind: tool, impl: tool.py, writes: [tool]}", state="tool: {}")
    world.tool("tool", "return {'state_delta': {'tool': len(input['_args']['token'])}}")
    path = world.folder / "experience.yaml"
    path.write_text(path.read_text() + "args: {type: object, properties: {token: {type: string, writeOnly: true}}}\n")
    await world.run({"token": "a-secret-token"})

    resumed = await world.resume(args={"token": "another-secret-token"})

    assert resumed.final_state == {"tool": 20}
    assert "another-secret-token" not in world.store.log(resumed.run_id).read_text()
