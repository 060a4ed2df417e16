"""Of 102 items, only those without an outcome run again (docs/design.md, Resume)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.laws.drafts import Draft, Sort, Step
from tests.laws.world import Done, World

MANY = 102
LIST = Step("list", Sort.LIST, items=tuple(range(1, MANY + 1)))
EACH = Step("each", Sort.AGENT, over="list")
TOTAL = Step("total", Sort.TOOL, reads=("each",))
DRAFT = Draft((LIST, EACH, TOTAL))


@pytest.fixture
async def world(tmp_path: Path) -> World:
    """A run of DRAFT that succeeded."""
    world = World(tmp_path)
    world.newest = (await world.run(DRAFT)).ended.run_id
    return world


def items(done: Done) -> tuple[int, int]:
    """How many items were restored, and how many ran."""
    return tuple(sum(node == "each" for node, _ in names) for names in (done.restored, done.executed))  # type: ignore[return-value]


async def test_one_that_failed_runs_and_101_are_restored(world: World) -> None:
    numbers = [2 * number + 1 for number in range(MANY)]
    numbers[4] += 1  # of a broken fan-out the even items fail
    spoilt = DRAFT.with_step(replace(LIST, items=tuple(numbers)))
    failed = await world.run(spoilt, {"each"})
    world.newest = failed.ended.run_id

    _, _, done = await world.resume(spoilt)

    assert items(failed) == (0, 102)
    assert items(done) == (101, 1)


async def test_one_put_in_front_runs(world: World) -> None:
    _, _, done = await world.resume(DRAFT.with_step(replace(LIST, items=(0, *LIST.items))))

    assert items(done) == (102, 1)


async def test_a_prompt_edit_runs_all(world: World) -> None:
    _, _, done = await world.resume(DRAFT.with_step(replace(EACH, edition=1)))

    assert items(done) == (0, 102)


async def test_what_runs_again_to_the_same_result_runs_nothing_below_it(world: World) -> None:
    _, _, done = await world.resume(DRAFT.with_step(replace(LIST, edition=1)))

    assert list(done.executed) == [("list", None)]
