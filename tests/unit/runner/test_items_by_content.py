"""Items of a fan-out are recognised by value, wherever they are in the list (docs/design.md, Resume)."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from engine.log.events.events import RunStatus
from tests.support.worlds import World


@pytest.fixture
def each(world: World) -> World:
    """A fan-out over the numbers in items.json, with what comes before and after it; `broken` holds what fails."""
    world.graph(
        """
        - {id: list, kind: tool, impl: list.py, uses: [items.json], writes: [items]}
        - {id: each, kind: tool, impl: each.py, for_each: {source: $.items, concurrency: 4}, writes: [found]}
        - {id: total, kind: tool, impl: total.py, reads: [found], writes: [sum]}
        """,
        "[{from: list, to: each}, {from: each, to: total}]",
        "items: {type: array}\nfound: {type: array, merge: array_append}\nsum: {type: number}",
    )
    world.tool(
        "list",
        """
        import json
        from recorder import HERE
        return {"state_delta": {"items": json.loads((HERE / "items.json").read_text())}}
        """,
    )
    world.tool(
        "each",
        """
        from recorder import HERE
        assert str(item) not in (HERE / "broken").read_text().split(), "broken"
        return {"state_delta": {"found": [item * 10]}}
        """,
    )
    world.tool("total", "return {'state_delta': {'sum': sum(state['found'])}}")
    world.write("broken", "")
    return world


def lists(world: World, items: Sequence[int]) -> None:
    world.write("items.json", json.dumps(list(items)))


def executed_items(world: World) -> list[int]:
    return sorted(int(name.removeprefix("each:")) for name in world.executed() if name.startswith("each:"))


async def test_of_102_items_only_the_one_that_failed_runs_again(each: World) -> None:
    lists(each, range(102))
    each.write("broken", "4")
    failed = await each.run()
    each.write("broken", "")
    each.executed()

    resumed = await each.resume(failed.run_id)

    assert executed_items(each) == [4]
    assert each.restored(resumed.run_id).count("each") == 101
    assert resumed.finished.status is RunStatus.SUCCESS
    assert resumed.final_state["found"] == [item * 10 for item in range(102)]


@pytest.mark.parametrize(
    ("before", "after", "runs"),
    [
        ([1, 2, 3], [9, 1, 2, 3], [9]),
        ([1, 2, 3], [2, 3], []),
        ([1, 2, 3], [3, 1, 2], []),
        ([1, 2, 3], [1, 9, 3], [9]),
        ([1, 1, 2], [2, 1, 1], []),
        ([1, 1, 2], [1, 2], []),
        ([1, 2], [1, 1, 2, 1], [1, 1]),
        ([1, 2], [], []),
    ],
    ids=["front", "removed", "reordered", "replaced", "equal", "fewer equal", "more equal", "none left"],
)
async def test_only_values_that_are_new_run(each: World, before: list[int], after: list[int], runs: list[int]) -> None:
    lists(each, before)
    await each.run()
    lists(each, after)
    each.executed()

    resumed = await each.resume()

    assert executed_items(each) == runs
    assert resumed.final_state.get("found", []) == [item * 10 for item in after]


async def test_an_item_takes_the_outcome_of_an_equal_one_that_is_gone(each: World) -> None:
    """Of two equal items the first failed and was removed: what the other came to is still there."""
    lists(each, [7, 7])
    failed = await each.run()
    log = each.store.log(failed.run_id)
    lines = log.read_text().splitlines(keepends=True)
    first = next(line for line in lines if '"node.completed"' in line and '#0"' in line)
    log.write_text("".join(line for line in lines if line != first))
    lists(each, [7])
    each.executed()

    await each.resume(failed.run_id)

    assert executed_items(each) == []


async def test_an_outcome_serves_one_of_two_equal_items(each: World) -> None:
    lists(each, [7, 7])
    failed = await each.run()
    log = each.store.log(failed.run_id)
    lines = log.read_text().splitlines(keepends=True)
    first = next(line for line in lines if '"node.completed"' in line and '#0"' in line)
    log.write_text("".join(line for line in lines if line != first))
    each.executed()

    await each.resume(failed.run_id)

    assert executed_items(each) == [7]


async def test_where_the_node_names_the_index_the_place_counts(each: World) -> None:
    path = each.folder / "experience.yaml"
    path.write_text(path.read_text().replace("impl: each.py", "impl: each.py, args: {n: $index}"))
    lists(each, [1, 2, 3])
    await each.run()
    lists(each, [1, 3])
    each.executed()

    await each.resume()

    assert executed_items(each) == [3]


async def test_where_a_module_of_the_tool_names_the_index_the_place_counts(each: World) -> None:
    each.write("places.py", "def place(input):\n    return input['$index']\n")
    each.tool("each", "from places import place\nreturn {'state_delta': {'found': [place(input)]}}")
    lists(each, [1, 2, 3])
    await each.run()
    lists(each, [1, 3])
    each.executed()

    await each.resume()

    assert executed_items(each) == [3]


async def test_an_edit_of_what_all_items_share_runs_all(each: World) -> None:
    lists(each, range(5))
    await each.run()
    each.tool("each", "return {'state_delta': {'found': [item * 10 + 0]}}")
    each.executed()

    await each.resume()

    assert executed_items(each) == [0, 1, 2, 3, 4]


async def test_a_list_that_is_made_again_and_is_the_same_runs_nothing_below_it(each: World) -> None:
    lists(each, range(5))
    await each.run()
    each.write("items.json", "[0,1,  2,3,4]")
    each.executed()

    await each.resume()

    assert each.executed() == ["list"]
