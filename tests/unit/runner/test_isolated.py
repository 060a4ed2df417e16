"""`oe resume --isolated`: one node alone, on what it last received. It changes nothing that any other run sees."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.expressions import Json
from engine.log.events.events import NodeCompleted, NodeStarted, RunStarted, RunStatus
from engine.log.reading.index import read_summaries
from engine.runner.find_run import latest
from engine.runner.isolated import prepare_isolated
from engine.runner.prepare import RunRefusedError
from engine.runner.session import Ended, carry_out, new_run_id
from engine.state.store import StateStore
from tests.standins.messages_api import MessagesApi, text
from tests.support.coding_agents import CodingAgents
from tests.support.experiences import yaml_graph
from tests.support.worlds import World
from tests.unit.cache.test_addresses import world as inside

__all__ = ["inside"]

Written = dict[str, Json]


async def alone(world: World, address: str, run_id: str = "latest", **args: Json) -> Ended:
    prepared = prepare_isolated(world.prepared(run_id, args=args), address)
    return await carry_out(prepared, new_run_id(), lambda _: None)


def put_out(world: World, run_id: str) -> Written:
    """The writes of each execution, by its node and the index of its item or iteration."""
    found: Written = {}
    for record in world.records(run_id):
        event = record.event
        if isinstance(event, NodeCompleted) and event.output is not None:
            places = [step.item.index if step.item else step.iteration for step in event.scope]
            found[f"{event.node_id}{[place for place in places if place is not None]}"] = dict(event.output.state_delta)
    return found


ALONE = {
    "list": ["list"],
    "each": ["each:10", "each:20", "each:30"],
    "each[1]": ["each:20"],
    "s2[2]": ["s2:30"],
    "turns#1": ["step"],
    "step": ["step"],
    "parent": ["first", "second", "third"],
    "parent/second": ["second"],
    "nests[1]": ["first", "second", "third"],
    "nests[2]/third": ["third"],
    "last": ["last"],
}


async def test_only_the_node_runs_and_puts_out_what_it_had_put_out(inside: World) -> None:
    """Wherever it is; and nothing that anybody else sees has changed afterwards."""
    world, before = inside, await inside.run()
    recorded, seen = put_out(world, before.run_id), snapshot(world)
    world.executed()

    for address, executed in ALONE.items():
        ended = await alone(world, address)
        assert ended.finished.status is RunStatus.SUCCESS, address
        assert sorted(world.executed()) == executed
        assert put_out(world, ended.run_id).items() <= recorded.items()
        assert ended.finished.wrote is None

    assert snapshot(world) == seen
    after = await world.resume()
    assert world.executed() == []
    assert after.final_state == before.final_state


def snapshot(world: World) -> object:
    """What later resumes, the state and the plan of the newest run start from."""
    run_id = latest(world.store)
    plan, state = world.plan(), StateStore(world.store.data)
    return run_id, world.store.log(run_id).read_bytes(), plan.digest, state.run_ids(), state.values()


async def test_the_log_says_what_it_is(inside: World) -> None:
    world, before = inside, await inside.run()

    ended = await alone(world, "nests[1]/second")

    started = world.records(ended.run_id)[0].event
    assert isinstance(started, RunStarted)
    assert (started.kind, started.address, started.nodes) == ("isolated", "nests[1]/second", ("nests",))
    assert (started.original_run_id, started.lineage and started.lineage.root_run_id) == (before.run_id, ended.run_id)
    assert [run.kind for run in read_summaries(world.store, world.store.run_ids())] == ["isolated", None]
    assert ended.finished.counts.completed == 1
    with pytest.raises(RunRefusedError, match=rf"is isolated: .* Resume the original: oe resume {before.run_id[:8]}"):
        world.prepared(ended.run_id)


async def test_what_it_received_comes_from_the_newest_run_that_has_it(chain: World) -> None:
    """Also if it failed, or was restored since; what changed before it since then does not matter."""
    chain.tool("b", "raise ValueError(state['x'])")
    await chain.run()
    chain.tool("a", "return {'state_delta': {'x': 5}}")
    chain.tool("b", "return {'state_delta': {'y': state['x'] + 1}}")

    first = await alone(chain, "b")
    await chain.resume()
    await chain.resume()  # restores all
    second = await alone(chain, "b")

    assert (put_out(chain, first.run_id), put_out(chain, second.run_id)) == ({"b[]": {"y": 2}}, {"b[]": {"y": 6}})


async def test_args_are_made_again_from_what_it_received(world: World) -> None:
    """So an edit of them counts, and other run args do; a part of the state is known by the path that named it."""
    node = "- {{id: b, kind: tool, impl: b.py, args: {{deep: $.x.y, times: {times}, name: $args.name}}, writes: [z]}}"
    nodes = "- {id: a, kind: tool, impl: a.py, writes: [x]}\n"
    world.graph(nodes + node.format(times=2), "[{from: a, to: b}]", "x: {}\nz: {}")
    world.tool("a", "return {'state_delta': {'x': {'y': 'ab'}}}")
    world.tool("b", "return {'state_delta': {'z': input['name'] + input['deep'] * input['times']}}")
    await world.run({"name": "n"})
    world.graph(nodes + node.format(times=3), "[{from: a, to: b}]", "x: {}\nz: {}")

    ended = await alone(world, "b", name="m")

    assert put_out(world, ended.run_id) == {"b[]": {"z": "mababab"}}


KINDS = {
    "agent": '{id: agent, kind: agent, prompt: "Say {{$.x}} {{a}}", args: {a: $edges.a}, reads: [x], writes: [z1]}',
    "coder": '{id: coder, kind: cli-agent, provider: claude-code, prompt: "Say {{$.x}}", reads: [x], writes: [z2]}',
    "skill": "{id: skill, kind: skill, impl: ./skill, inputs: {about: $.x}, writes: [z3]}",
    "rows": "{id: rows, kind: dataset, source: {type: file, uri: $.x}, writes: [z4]}",
    "tool": "{id: tool, kind: tool, impl: tool.py, args: {of: $edges.a}, writes: [z5]}",
    "shared": "{id: shared, kind: experience, impl: ./inner, state_scope: shared, reads: [x]}",
}


async def test_every_kind_of_node(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the recorded reads, edges and args; `a`, which they come from, does not run."""
    fields = "\n".join(f"{name}: {{}}" for name in ("x", "z1", "z2", "z3", "z4", "z5", "z6"))
    nodes = ["{id: a, kind: tool, impl: a.py, writes: [x]}", *KINDS.values()]
    edges = ", ".join(f"{{from: a, to: {kind}}}" for kind in KINDS)
    world.graph("\n".join(f"- {node}" for node in nodes), f"[{edges}]", fields)
    world.tool("a", "return {'state_delta': {'x': 'rows.csv'}, 'edge_output': {'k': 1}}")
    world.tool("tool", "return {'state_delta': {'z5': input['of']['k']}}")
    world.write("rows.csv", "a\n1\n")
    world.write("skill/SKILL.md", "Be brief.")
    inner = "- {id: i, kind: tool, impl: ../i.py, reads: [x], writes: [z6]}"
    world.write("inner/experience.yaml", yaml_graph(inner, "[]", "x: {}\nz6: {}"))
    world.tool("i", "return {'state_delta': {'z6': state['x'] + '!'}}")
    CodingAgents(tmp_path / "agents", monkeypatch).answers({"when": "Say rows.csv", "answer": "said"})
    with MessagesApi(lambda request: text(str(request["messages"]))(request)) as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "key")
        before = await world.run()
        assert before.finished.status is RunStatus.SUCCESS
        world.tool("a", "raise ValueError('must not run')")

        again: Written = {}
        for kind in KINDS:
            again.update(put_out(world, (await alone(world, kind)).run_id))

    assert again == {place: delta for place, delta in put_out(world, before.run_id).items() if place != "a[]"}


REFUSED = {
    "pipe": "pipe runs once for each item; name a stage and an item, such as s1[0]",
    "s2": "s2 runs once for each item; name a stage and an item, such as s2[0]",
    "nests/second": "nests/second ran for 3 items; say for which, such as nests[0]",
}


async def test_an_ambiguous_address_says_what_to_name(inside: World) -> None:
    await inside.run()

    for address, message in REFUSED.items():
        with pytest.raises(RunRefusedError) as raised:
            await alone(inside, address)
        assert str(raised.value).startswith(message)


async def test_without_an_input_there_is_nothing_to_run_on(chain: World) -> None:
    chain.tool("b", "raise ValueError('no')")
    await chain.run()

    with pytest.raises(RunRefusedError, match=r"c never began in run \w{8}, so there is no input to run it on alone"):
        await alone(chain, "c")


async def test_a_secret_is_refused_by_its_mask_unless_it_is_given_again(world: World) -> None:
    """Asterisks where nothing was masked are just a text."""
    world.graph(
        """
        - {id: a, kind: tool, impl: a.py, args: {token: $args.token}, writes: [x]}
        - {id: b, kind: tool, impl: b.py, reads: [x], writes: [y]}
        """,
        "[{from: a, to: b}]",
        "x: {}\ny: {}",
    )
    world.tool("a", "return {'state_delta': {'x': input['token']}}")
    world.tool("b", "return {'state_delta': {'y': len(state['x'])}}")
    path = world.folder / "experience.yaml"
    path.write_text(path.read_text() + "args: {type: object, properties: {token: {type: string, writeOnly: true}}}\n")
    await world.run({"token": "a-secret-token"})

    with pytest.raises(RunRefusedError, match=r"b received a secret in run \w{8} \(reads.x\)"):
        await alone(world, "b", token="a-secret-token")
    assert (await alone(world, "a", token="a-secret-token")).finished.status is RunStatus.SUCCESS

    path.write_text(path.read_text().partition("args: {type: object")[0])
    open_run = await world.run({"token": "a***b"})
    assert put_out(world, (await alone(world, "b", open_run.run_id)).run_id) == {"b[]": {"y": 5}}


async def test_a_large_value_is_read_back_and_a_lost_one_is_named(chain: World) -> None:
    chain.tool("a", "return {'state_delta': {'x': 1, 'found': ['x' * 100_000]}}")
    chain.graph(
        """
        - {id: a, kind: tool, impl: a.py, writes: [x, found]}
        - {id: b, kind: tool, impl: b.py, reads: [found], writes: [y]}
        """,
        "[{from: a, to: b}]",
        "x: {}\ny: {}\nfound: {type: array}",
    )
    chain.tool("b", "return {'state_delta': {'y': len(state['found'][0])}}")
    await chain.run()
    assert put_out(chain, (await alone(chain, "b")).run_id) == {"b[]": {"y": 100_000}}

    for blob in sorted(chain.store.blobs.folder.rglob("*")):
        if blob.is_file() and blob.stat().st_size > 90_000:
            blob.unlink()
    with pytest.raises(RunRefusedError, match=r"what b received in run \w{8} is not known: "):
        await alone(chain, "b")


async def test_a_log_of_an_older_version_does_not_say_what_a_nested_experience_received(inside: World) -> None:
    """Inside it, a node still runs if the args of its experience are known anyway."""
    inner = inside.folder / "inner" / "experience.yaml"
    inner.write_text(inner.read_text() + "args: {type: object, properties: {n: {type: number}}}\n")
    outer = inside.folder / "experience.yaml"
    nested = "id: parent, kind: experience, impl: ./inner"
    outer.write_text(outer.read_text().replace(nested, f"{nested}, args: {{n: $.count}}"))
    before = await inside.run()
    log = inside.store.log(before.run_id)
    log.write_text("".join(f"{json.dumps(without_group_inputs(line))}\n" for line in log.read_text().splitlines()))

    assert (await alone(inside, "nests[0]/second")).finished.status is RunStatus.SUCCESS
    with pytest.raises(RunRefusedError, match="its log does not say which args parent gave to test"):
        await alone(inside, "parent/second")
    with pytest.raises(RunRefusedError, match="parent never began"):
        await alone(inside, "parent")


def without_group_inputs(line: str) -> Mapping[str, Any]:
    event: dict[str, Any] = json.loads(line)
    if event["type"] == NodeStarted.type and "items" in event:
        event.pop("input", None)
    return event


async def test_a_cancelled_isolated_run_ends_as_one(chain: World) -> None:
    await chain.run()
    chain.tool("b", "import threading\nthreading.Event().wait()")
    run_id = new_run_id()

    def cancel_once_started(record: Any) -> None:
        if record.event.type == "node.started":
            chain.store.cancel(run_id).touch()

    ended = await carry_out(prepare_isolated(chain.prepared(), "b"), run_id, cancel_once_started)

    assert ended.finished.status is RunStatus.CANCELLED
