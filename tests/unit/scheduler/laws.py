"""The laws of scheduling, each for one random graph."""

from __future__ import annotations

from collections import Counter
from random import Random

from tests.unit.scheduler.random_graphs import World
from tests.unit.scheduler.story import name_of


def alone_and_together_are_the_same(world: World, width: int, seed: int) -> None:
    """How much goes on at once, and in which order it ends, changes nothing."""
    alone = world.run()
    together = world.run(width, seed)

    assert together.state == alone.state
    assert (together.status, together.reason) == (alone.status, alone.reason)
    assert Counter(together.executed) == Counter(alone.executed)
    assert together.failed == alone.failed
    assert together.skipped == alone.skipped
    assert together.groups == alone.groups
    assert Counter(together.warnings) == Counter(alone.warnings)


def what_completed_did_not_fail_whole(world: World, width: int, seed: int) -> None:
    """A fan-out that goes on in spite of failures has an item that succeeded; one without any has failed."""
    story = world.run(width, seed)

    for group in story.groups.values():
        succeeded = group.counts.completed + group.counts.cached
        assert group.error is not None or succeeded or not group.counts.failed


def some_of_it_restored_is_the_same(world: World, width: int, seed: int) -> None:
    """A resume that finds some of the outcomes comes to the same end, and does not run those again."""
    alone = world.run()
    names = sorted(alone.outputs)
    found = {name: alone.outputs[name] for name in Random(seed).sample(names, len(names) // 2)}

    resumed = world.run(width, seed, restore=lambda task: found.get(name_of(task)))

    assert (resumed.state, resumed.status) == (alone.state, alone.status)
    assert not found.keys() & set(resumed.executed)
