"""Overrides: --from, --only, --rerun, --accept. Plan and run agree on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cache.decisions.address import AddressError
from engine.cache.decisions.decision import Answer
from engine.cache.plan.plan_entries import Plan
from engine.log.events.events import NodeCached, NodeStarted, RunStatus
from tests.support.worlds import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """a → b → c, and apart from them d."""
    world = World(tmp_path)
    world.chain("- {id: d, kind: tool, impl: d.py, writes: [w]}", "w: {type: number}")
    world.tool("d", "return {'state_delta': {'w': 1}}")
    return world


def told(plan: Plan) -> dict[str, tuple[Answer, tuple[str, ...]]]:
    return {entry.node_id: (entry.answer, entry.reasons) for entry in plan.entries}


async def test_rerun_runs_a_node_again_and_what_follows_only_if_its_result_differs(world: World) -> None:
    await world.run()
    world.executed()
    overrides = {"rerun": ("a",)}

    plan = told(world.plan(overrides=overrides))
    await world.resume(overrides=overrides)

    assert plan["a"] == (Answer.WILL_RUN, ("asked for with --rerun a",))
    assert plan["b"][0] is Answer.DEPENDS
    assert plan["d"] == (Answer.RESTORED, ())
    assert world.executed() == ["a"]


async def test_from_runs_a_node_and_all_that_comes_after_it(world: World) -> None:
    await world.run()
    world.executed()
    overrides = {"from_": ("b",)}

    plan = told(world.plan(overrides=overrides))
    resumed = await world.resume(overrides=overrides)

    assert plan["a"] == (Answer.RESTORED, ())
    assert plan["b"] == (Answer.WILL_RUN, ("asked for with --from b",))
    assert plan["c"] == (Answer.IF_PREDECESSORS_SUCCEED, ("asked for with --from b",))
    assert world.executed() == ["b", "c"]
    assert world.restored(resumed.run_id) == ["a", "d"]


async def test_only_runs_a_node_and_what_it_needs_and_restores_or_leaves_out_the_rest(world: World) -> None:
    await world.run()
    for name in "acd":
        path = world.folder / f"{name}.py"
        path.write_text(path.read_text() + "# edited\n")
    world.executed()
    overrides = {"only": ("b",)}

    plan = told(world.plan(overrides=overrides))
    resumed = await world.resume(overrides=overrides)

    assert plan["a"][0] is Answer.WILL_RUN
    assert plan["c"] == (Answer.SKIPPED, ("not asked for (--only)",))
    assert plan["d"] == (Answer.SKIPPED, ("not asked for (--only)",))
    assert world.executed() == ["a"]
    assert resumed.finished.status is RunStatus.SUCCESS
    assert resumed.finished.counts.cancelled == 2


async def test_what_was_left_out_runs_in_the_next_resume(world: World) -> None:
    world.tool("c", "raise ValueError('no')")
    await world.run()
    world.tool("c", "return {'state_delta': {'z': 5}}")
    await world.resume(overrides={"only": ("b",)})
    world.executed()

    await world.resume()

    assert world.executed() == ["c"]


async def test_accept_restores_what_changed_and_the_log_says_so(world: World) -> None:
    await world.run()
    world.tool("b", "return {'state_delta': {'y': 77}}")
    world.executed()
    overrides = {"accept": ("b",)}

    plan = told(world.plan(overrides=overrides))
    resumed = await world.resume(overrides=overrides)

    reasons = ("accepted with --accept: impl b.py changed",)
    assert plan["b"] == (Answer.RESTORED, reasons)
    assert world.executed() == []
    assert resumed.final_state["y"] == 2
    cached = [record.event for record in world.records(resumed.run_id) if isinstance(record.event, NodeCached)]
    assert [event.reasons for event in cached if event.node_id == "b"] == [reasons]


async def test_what_was_accepted_once_needs_no_accepting_again(world: World) -> None:
    await world.run()
    world.tool("b", "return {'state_delta': {'y': 77}}")
    await world.resume(overrides={"accept": ("b",)})
    world.executed()

    await world.resume()

    assert world.executed() == []


async def test_nothing_can_be_accepted_of_what_never_succeeded(world: World) -> None:
    world.tool("b", "raise ValueError('no')")
    await world.run()

    assert told(world.plan(overrides={"accept": ("b",)}))["b"][0] is Answer.WILL_RUN


async def test_a_node_that_does_not_exist_is_refused_with_those_that_do(world: World) -> None:
    await world.run()

    with pytest.raises(AddressError, match=r"no node 'e' in .*experience.yaml. Nodes: a, b, c, d"):
        world.plan(overrides={"only": ("e",)})


async def test_every_node_that_ran_says_why_in_the_new_log(world: World) -> None:
    world.tool("c", "raise ValueError('no luck')")
    await world.run()
    world.tool("c", "return {'state_delta': {'z': 3}}")
    world.tool("a", "return {'state_delta': {'x': 9}}")

    resumed = await world.resume()

    started = [record.event for record in world.records(resumed.run_id) if isinstance(record.event, NodeStarted)]
    why = {event.node_id: event.reasons for event in started}
    assert why["a"] == ("impl a.py changed",)
    assert why["b"] == ("reads.x changed",)
    assert why["c"][0].startswith("failed in the original run: ValueError: no luck")


async def test_the_nodes_of_a_fresh_run_have_no_reasons(world: World) -> None:
    run = await world.run()

    started = [record.event for record in world.records(run.run_id) if isinstance(record.event, NodeStarted)]
    assert {event.reasons for event in started} == {()}
