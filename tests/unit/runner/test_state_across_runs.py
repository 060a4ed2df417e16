"""Starting and final state of runs: defaults, `persist`, --keep-state, resumes."""

from __future__ import annotations

from typing import Any

import pytest

from engine.experience.load import load
from engine.expressions import Json
from engine.log.events.events import RunFinished, RunStarted, RunStatus, RunWarning, Wrote
from engine.runner.prepare import RunRefusedError, prepare_run
from engine.runner.session import Ended, carry_out, new_run_id
from engine.state.rebuild import rebuild
from engine.state.store import StateStore
from tests.support.worlds import World

FIELDS = """
seen: {type: array, merge: array_append, default: [], persist: true}
found: {type: array, merge: array_append, default: []}
total: {type: number}
"""


@pytest.fixture
def counting(world: World) -> World:
    """look writes `$args.word` to seen and found; count writes to total how many words seen holds."""
    world.graph(
        """
        - {id: look, kind: tool, impl: look.py, args: {word: $args.word}, writes: [seen, found]}
        - {id: count, kind: tool, impl: count.py, reads: [seen], writes: [total]}
        """,
        "[{from: look, to: count}]",
        FIELDS,
    )
    world.tool("look", "return {'state_delta': {'seen': [input['word']], 'found': [input['word']]}}")
    world.tool("count", "return {'state_delta': {'total': len(state['seen'])}}")
    return world


def kept(world: World) -> dict[str, Json]:
    return {field: value.value for field, value in StateStore(world.store.data).values().items()}


def event_of(world: World, run_id: str, kind: type) -> Any:
    return next(record.event for record in world.records(run_id) if isinstance(record.event, kind))


async def keeping_state(world: World, word: str) -> Ended:
    preparation = prepare_run(load(world.folder), {"word": word}, keep_state=True)
    return await carry_out(preparation, new_run_id(), lambda _: None)


async def test_a_persisted_field_continues_and_the_others_start_from_defaults(counting: World) -> None:
    await counting.run({"word": "a"})
    second = await counting.run({"word": "b"})

    assert second.final_state == {"seen": ["a", "b"], "found": ["b"], "total": 2}
    assert kept(counting) == second.final_state


async def test_keep_state_carries_every_field_over(counting: World) -> None:
    await counting.run({"word": "a"})
    second = await keeping_state(counting, "b")

    assert second.final_state == {"seen": ["a", "b"], "found": ["a", "b"], "total": 2}
    assert kept(counting) == second.final_state


async def test_the_log_says_what_was_carried_and_what_was_written(counting: World) -> None:
    await counting.run({"word": "a"})
    second = await counting.run({"word": "b"})

    started = event_of(counting, second.run_id, RunStarted)
    assert started.settings == {"llm": "anthropic", "carried": {"seen": []}}
    assert started.state == {"seen": ["a"], "found": []}
    assert event_of(counting, second.run_id, RunFinished).wrote == {
        "seen": Wrote(["b"], "look", "array_append"),
        "found": Wrote(["b"], "look", "array_append"),
        "total": Wrote(2, "count", "last_wins"),
    }


async def test_a_run_without_writes_leaves_no_file(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py}")
    world.tool("a", "return {'edge_output': 1}")

    ended = await world.run()

    assert event_of(world, ended.run_id, RunFinished).wrote is None
    assert not (world.store.data / "state.sqlite").exists()


async def test_a_resume_starts_where_the_original_did_and_replaces_what_that_left(counting: World) -> None:
    counting.tool("count", "raise ValueError('not today')")
    await counting.run({"word": "a"})
    failed = await counting.run({"word": "b"})
    assert failed.finished.status is RunStatus.FAILURE
    assert kept(counting) == {"seen": ["a", "b"], "found": ["b"]}
    counting.executed()
    counting.tool("count", "return {'state_delta': {'total': len(state['seen'])}}")

    resumed = await counting.resume(failed.run_id)

    assert counting.executed() == ["count"]
    assert resumed.final_state == {"seen": ["a", "b"], "found": ["b"], "total": 2}
    assert kept(counting) == resumed.final_state


async def test_a_resume_of_a_resume_replaces_it_too(counting: World) -> None:
    first = await counting.run({"word": "a"})
    second = await counting.resume(first.run_id)
    await counting.resume(second.run_id)

    assert kept(counting) == {"seen": ["a"], "found": ["a"], "total": 1}


async def test_a_run_that_ended_in_between_keeps_its_part(counting: World) -> None:
    first = await counting.run({"word": "a"})
    await counting.run({"word": "b"})
    await counting.resume(first.run_id)

    assert kept(counting)["seen"] == ["b", "a"]


async def test_runs_at_the_same_time_both_leave_their_part(counting: World) -> None:
    preparations = [prepare_run(load(counting.folder), {"word": word}) for word in "ab"]

    for preparation in preparations:
        await carry_out(preparation, new_run_id(), lambda _: None)

    assert kept(counting)["seen"] == ["a", "b"]


async def test_a_rebuild_from_the_logs_gives_the_same(counting: World) -> None:
    first = await counting.run({"word": "a"})
    await counting.run({"word": "b"})
    await counting.resume(first.run_id)
    await keeping_state(counting, "c")
    store = StateStore(counting.store.data)
    before = (store.values(), store.history())
    store.path.unlink()

    assert rebuild(counting.store).runs == 4

    assert (store.values(), store.history()) == before


async def test_a_rebuild_puts_a_damaged_file_aside_and_names_logs_that_it_cannot_read(counting: World) -> None:
    await counting.run({"word": "a"})
    store = StateStore(counting.store.data)
    before = store.values()
    store.path.write_bytes(b"no database " * 500)
    broken = new_run_id()
    counting.store.log(broken).write_text("{")

    rebuilt = rebuild(counting.store)

    assert (rebuilt.runs, rebuilt.unreadable) == (1, (broken,))
    assert store.values() == before
    assert (counting.store.data / "state.sqlite.damaged").exists()


async def test_a_damaged_file_refuses_a_run_that_needs_it(counting: World) -> None:
    await counting.run({"word": "a"})
    (counting.store.data / "state.sqlite").write_bytes(b"no database " * 500)

    with pytest.raises(RunRefusedError, match="oe state rebuild"):
        await counting.run({"word": "b"})


async def test_a_damaged_file_costs_a_run_that_does_not_need_it_nothing(chain: World) -> None:
    await chain.run()
    (chain.store.data / "state.sqlite").write_bytes(b"no database " * 500)

    ended = await chain.run()

    assert ended.finished.status is RunStatus.SUCCESS
    assert ended.state_problem is not None
    assert "oe state rebuild" in ended.state_problem


async def test_a_kept_value_that_no_longer_fits_its_field_is_refused(counting: World) -> None:
    await counting.run({"word": "a"})
    counting.graph(
        "- {id: look, kind: tool, impl: look.py, writes: [seen]}", state="seen: {type: number, persist: true}"
    )

    with pytest.raises(RunRefusedError, match="oe state reset --field seen"):
        await counting.run({"word": "b"})


async def test_the_items_of_a_fan_out_are_one_write_of_the_run(fan_out: World) -> None:
    ended = await fan_out.run()

    wrote = event_of(fan_out, ended.run_id, RunFinished).wrote
    assert wrote["found"] == Wrote([10, 20, 30, 40], "each", "array_append")
    assert len(StateStore(fan_out.store.data).history("found")) == 1


async def test_what_holds_a_secret_does_not_reach_the_state_and_the_old_value_stays(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py, writes: [x, y]}", state="x: {persist: true}\ny: {}")
    path = world.folder / "experience.yaml"
    path.write_text(path.read_text() + "args: {type: object, properties: {token: {type: string, writeOnly: true}}}\n")
    world.tool("a", "return {'state_delta': {'x': {'at': [input['_args']['token']]}, 'y': 1}}")
    await world.run({"token": ""})

    done = await world.run({"token": "hush-0123"})

    assert done.final_state == {"x": {"at": ["hush-0123"]}, "y": 1}
    assert kept(world) == {"x": {"at": [""]}, "y": 1}
    assert event_of(world, done.run_id, RunWarning).message.endswith("holds a secret: x")
    rebuild(world.store)
    assert kept(world) == {"x": {"at": [""]}, "y": 1}
    assert b"0123" not in b"".join(file.read_bytes() for file in world.store.data.glob("state.sqlite*"))


async def test_what_pipelines_loops_and_nested_experiences_wrote_is_left_too(world: World) -> None:
    world.write(
        "child/experience.yaml",
        """
        name: child
        version: 1.0.0
        state: {schema: {inner: {type: number}}}
        graph:
          nodes: [{id: in, kind: tool, impl: ../five.py, writes: [inner]}]
          edges: []
        """,
    )
    world.graph(
        """
        - {id: list, kind: tool, impl: list.py, writes: [items]}
        - {id: stage, kind: tool, impl: stage.py, writes: [found]}
        - {id: grow, kind: tool, impl: grow.py, reads: [n], writes: [n]}
        - {id: nest, kind: experience, impl: child/experience.yaml, outputs: {five: inner}, writes: [five]}
        """,
        state=(
            "items: {}\nfound: {type: array, merge: array_append}\nn: {type: number, default: 0}\nfive: {type: number}"
        ),
    )
    path = world.folder / "experience.yaml"
    world.write(
        "experience.yaml",
        path.read_text()
        + "  pipelines: [{id: flow, items: $.items, stages: [stage]}]\n"
        + "  loops: [{id: again, body: grow, until: $.n >= 3}]\n",
    )
    world.tool("list", "return {'state_delta': {'items': [2, 1]}}")
    world.tool("stage", "return {'state_delta': {'found': [item]}}")
    world.tool("grow", "return {'state_delta': {'n': state['n'] + 1}}")
    world.tool("five", "return {'state_delta': {'inner': 5}}")

    ended = await world.run()

    assert ended.final_state == {"items": [2, 1], "found": [2, 1], "n": 3, "five": 5}
    assert kept(world) == ended.final_state
    rebuild(world.store)
    assert kept(world) == ended.final_state
