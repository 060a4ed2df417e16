"""The plan of a resume: its answers and reasons."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cache.decisions.decision import Answer
from engine.cache.plan.plan_entries import Entry, Plan
from tests.support.worlds import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.chain("- {id: alone, kind: tool, impl: a.py, writes: [x]}", "items: {type: array}\nother: {type: number}")
    return world


def answers(plan: Plan) -> dict[str, Answer]:
    return {entry.node_id: entry.answer for entry in plan.entries}


def entry(plan: Plan, node_id: str) -> Entry:
    return next(entry for entry in plan.entries if entry.node_id == node_id)


async def test_after_a_success_everything_is_restored(world: World) -> None:
    await world.run()

    assert set(answers(world.plan()).values()) == {Answer.RESTORED}


async def test_a_plan_runs_nothing_and_writes_nothing(world: World) -> None:
    await world.run()
    world.executed()
    before = sorted(path.name for path in world.store.data.rglob("*"))

    world.plan()

    assert world.executed() == []
    assert sorted(path.name for path in world.store.data.rglob("*")) == before


async def test_a_failure_will_run_and_what_never_ran_follows_if_it_succeeds(world: World) -> None:
    world.tool("b", "raise ValueError('no luck')")
    await world.run()

    plan = world.plan()

    assert answers(plan) == {
        "a": Answer.RESTORED,
        "b": Answer.WILL_RUN,
        "c": Answer.IF_PREDECESSORS_SUCCEED,
        "alone": Answer.RESTORED,
    }
    assert entry(plan, "b").reasons[0].startswith("failed in the original run: ValueError: no luck")
    assert entry(plan, "c").reasons == ("was skipped in the original run",)


async def test_below_an_edited_node_it_depends_on_what_comes_back(world: World) -> None:
    await world.run()
    world.tool("a", "return {'state_delta': {'x': 2 - 1}}")

    plan = world.plan()

    assert entry(plan, "a").reasons == ("impl a.py changed",)
    assert answers(plan)["b"] is Answer.DEPENDS
    assert entry(plan, "b").reasons == ("edges.a comes from a", "reads.x comes from a")
    assert answers(plan)["c"] is Answer.DEPENDS


async def test_an_edit_below_an_edit_is_certain_to_run(world: World) -> None:
    await world.run()
    world.tool("a", "return {'state_delta': {'x': 9}}")
    world.tool("c", "return {'state_delta': {'z': 5}}")

    plan = world.plan()

    assert answers(plan)["c"] is Answer.IF_PREDECESSORS_SUCCEED
    assert entry(plan, "c").reasons == ("impl c.py changed",)


async def test_an_edge_that_is_gone_below_an_edit_is_certain_to_run(world: World) -> None:
    path = world.folder / "experience.yaml"
    path.write_text(path.read_text().replace("{from: b, to: c}", "{from: b, to: c}, {from: alone, to: c}"))
    world.tool("a", "return {'state_delta': {'x': 1}, 'edge_output': 'mine'}")
    await world.run()
    world.tool("b", "return {'state_delta': {'y': 3}}")
    path.write_text(path.read_text().replace(", {from: alone, to: c}", ""))

    plan = world.plan()

    assert answers(plan)["c"] is Answer.IF_PREDECESSORS_SUCCEED
    assert entry(plan, "c").reasons == ("edges.alone is gone",)


async def test_a_changed_arg_is_named(world: World) -> None:
    path = world.folder / "experience.yaml"
    path.write_text(path.read_text().replace("impl: c.py", "impl: c.py, args: {factor: 2}"))
    await world.run()
    path.write_text(path.read_text().replace("factor: 2", "factor: 3"))

    assert entry(world.plan(), "c").reasons == ("args.factor changed",)


async def test_a_new_node_was_not_reached(world: World) -> None:
    await world.run()
    path = world.folder / "experience.yaml"
    path.write_text(
        path.read_text().replace(
            "    - {id: alone", "    - {id: fresh, kind: tool, impl: c.py, writes: [other]}\n    - {id: alone"
        )
    )

    assert entry(world.plan(), "fresh").reasons == ("not reached in the original run",)


async def test_a_condition_that_cannot_be_evaluated_yet_is_named(world: World) -> None:
    path = world.folder / "experience.yaml"
    path.write_text(path.read_text().replace("{from: b, to: c}", "{from: b, to: c, when: $.y > 5}"))
    await world.run()
    world.tool("b", "return {'state_delta': {'y': 7}}")

    plan = world.plan()

    assert answers(plan)["c"] is Answer.DEPENDS
    assert entry(plan, "c").reasons[0] == "when: $.y > 5"


async def test_a_condition_that_is_known_to_be_false_skips(world: World) -> None:
    path = world.folder / "experience.yaml"
    path.write_text(path.read_text().replace("{from: b, to: c}", "{from: b, to: c, when: $.y > 5}"))
    await world.run()

    assert answers(world.plan())["c"] is Answer.SKIPPED


async def test_the_items_of_a_fan_out_are_answered_one_by_one(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.graph(
        """
        - {id: list, kind: tool, impl: list.py, writes: [items]}
        - {id: each, kind: tool, impl: each.py, for_each: {source: $.items}}
        """,
        "[{from: list, to: each}]",
        "items: {type: array}",
    )
    world.tool("list", "return {'state_delta': {'items': ['a', 'b', 'c']}}")
    world.tool("each", "assert item != 'b', 'never b'\nreturn {'edge_output': item}")
    await world.run()

    each = entry(world.plan(), "each")

    assert (each.answer, each.reasons) == (Answer.WILL_RUN, ("1 of 3 items",))
    assert [item.answer for item in each.items] == [Answer.RESTORED, Answer.WILL_RUN, Answer.RESTORED]
    assert each.items[1].reasons == ("failed in the original run: AssertionError: never b (each.py:6)",)


async def test_a_plan_keeps_its_word(world: World) -> None:
    """Every restored node is restored, every node that will run does not."""
    world.tool("b", "raise ValueError('no')")
    await world.run()
    world.tool("b", "return {'state_delta': {'y': 3}}")
    plan = answers(world.plan())
    world.executed()

    resumed = await world.resume()

    assert world.restored(resumed.run_id) == [id_ for id_, answer in plan.items() if answer is Answer.RESTORED]
    assert world.executed() == ["b", "c"]
