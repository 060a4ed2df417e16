"""Changed parts in a plan, what restoring saves, and the digest of a plan."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.cache.plan.explanation import Change
from engine.cache.plan.plan_entries import Entry
from engine.expressions import MISSING
from engine.report.changes import change_lines, change_to_json
from tests.support.worlds import World

YAML = "{id: b, kind: tool, impl: b.py, args: {factor: 2, of: $.x}, reads: [x], writes: [y]}"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.graph(
        f"""
        - {{id: a, kind: tool, impl: a.py, writes: [x]}}
        - {YAML}
        """,
        "[{from: a, to: b}]",
        "x: {type: object}\ny: {type: number}",
    )
    world.tool("a", "return {'state_delta': {'x': {'n': 1, 'long': 'text ' * 30}}}")
    world.tool("b", "return {'state_delta': {'y': 1}}")
    return world


def edit(world: World, name: str, old: str, new: str) -> None:
    path = world.folder / name
    path.write_text(path.read_text().replace(old, new))


def planned(world: World, node_id: str) -> Entry:
    return next(entry for entry in world.plan().entries if entry.node_id == node_id)


async def test_a_changed_arg_is_shown_with_both_values(world: World) -> None:
    await world.run()
    edit(world, "experience.yaml", "factor: 2", "factor: 3")

    assert planned(world, "b").changes == (Change("args.factor", 2, 3),)
    assert change_lines(Change("args.factor", 2, 3)) == ["args.factor: 2 → 3"]


async def test_a_changed_file_is_shown_line_by_line(world: World) -> None:
    await world.run()
    edit(world, "b.py", "'y': 1", "'y': 2")

    [change] = planned(world, "b").changes

    assert change.part == "impl b.py"
    assert change_lines(change) == [
        "impl b.py:",
        "  -     return {'state_delta': {'y': 1}}",
        "  +     return {'state_delta': {'y': 2}}",
    ]


async def test_a_changed_key_of_the_node_is_shown(world: World) -> None:
    await world.run()
    edit(world, "experience.yaml", "writes: [y]}", "writes: [y], cache_key: v2}")

    [change] = planned(world, "b").changes

    assert change == Change("spec.cache_key", MISSING, "v2")
    assert change_lines(change) == ['spec.cache_key: is now "v2"']


async def test_values_that_the_log_only_names_are_shown_as_they_were(world: World) -> None:
    await world.run()
    edit(world, "a.py", "'n': 1", "'n': 2")
    edit(world, "b.py", "'y': 1", "'y': 7")
    await world.resume()
    edit(world, "a.py", "'n': 2", "'n': 3")
    await world.resume(overrides={"only": ("a",)})

    changes = {change.part: change for change in planned(world, "b").changes}

    assert change_lines(changes["reads.x"]) == ["reads.x:", '  -  "n": 2', '  +  "n": 3']
    assert changes["args.of"].before == changes["reads.x"].before


async def test_a_resumed_log_explains_without_its_original(world: World) -> None:
    original = await world.run()
    await world.resume()
    world.store.log(original.run_id).unlink()
    edit(world, "experience.yaml", "factor: 2", "factor: 5")

    assert planned(world, "b").changes == (Change("args.factor", 2, 5),)


async def test_without_the_blobs_a_plan_still_says_what_changed(world: World) -> None:
    await world.run()
    edit(world, "b.py", "'y': 1", "'y': 2")
    shutil.rmtree(world.store.blobs.folder)

    entry = planned(world, "b")

    assert entry.reasons == ("impl b.py changed",)
    assert [change.before for change in entry.changes] == [MISSING]


async def test_what_all_items_have_in_common_is_shown_once(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.graph("- {id: each, kind: tool, impl: each.py, for_each: {source: $args.list}}")
    path = world.folder / "experience.yaml"
    path.write_text("args:\n  list: {type: array}\n" + path.read_text())
    world.tool("each", "return {'edge_output': item}")
    await world.run({"list": [1, 2, 3]})
    edit(world, "each.py", "'edge_output': item", "'edge_output': item + 1")

    each = planned(world, "each")

    assert [change.part for change in each.changes] == ["impl each.py"]
    assert [item.changes for item in each.items] == [(), (), ()]


async def test_a_digest_stays_while_nothing_changes_and_differs_when_something_does(world: World) -> None:
    await world.run()
    first, again = world.plan().digest, world.plan().digest
    edit(world, "b.py", "'y': 1", "'y': 2")
    edited = world.plan().digest
    edit(world, "b.py", "'y': 2", "'y': 3")

    assert first == again
    assert len({first, edited, world.plan().digest}) == 3


async def test_a_large_output_is_restored_from_its_blob(world: World) -> None:
    world.tool("a", "return {'state_delta': {'x': {'long': 'text ' * 30_000}}}")
    await world.run()
    world.executed()

    resumed = await world.resume()

    assert world.executed() == []
    assert resumed.final_state["x"] == {"long": "text " * 30_000}
    assert world.store.log(resumed.run_id).stat().st_size < 10_000


async def test_a_node_whose_blob_is_lost_runs_again_and_says_so(world: World) -> None:
    world.tool("a", "return {'state_delta': {'x': {'long': 'text ' * 30_000}}}")
    await world.run()
    world.executed()
    shutil.rmtree(world.store.blobs.folder)

    entry = planned(world, "a")
    await world.resume()

    assert entry.reasons[0].startswith("not restorable: the blob ")
    assert world.executed() == ["a"]


def test_a_long_difference_is_cut_and_says_by_how_much() -> None:
    lines = change_lines(Change("prompt p.md", "\n".join(map(str, range(40))), "\n".join("x" * 40)))

    assert len(lines) == 14
    assert lines[-1] == "  … and 68 more lines"


def test_a_long_difference_is_a_diff_in_json_too() -> None:
    document = change_to_json(Change("prompt p.md", "a\n" * 2_000, "a\n" * 1_999 + "b\n"))

    assert document == {"part": "prompt p.md", "diff": ["- a", "+ b"]}
