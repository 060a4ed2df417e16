"""Laws of scheduling over random graphs: how much goes on at once, and in which order it ends, changes nothing."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.log.events import RunStatus
from engine.spec.model import Experience, Kind, Node, ToolSpec
from tests.unit.core.driving import Drive
from tests.unit.core.random_graphs import FAIL_RUN, KEPT_GOING, RETRY, STATE, World, graphs


@settings(max_examples=120, deadline=None)
@given(graphs(policies=KEPT_GOING), st.sampled_from((2, 16)), st.integers())
def test_concurrency_and_luck_change_neither_state_nor_status_nor_what_runs(
    world: World, width: int, seed: int
) -> None:
    alone = world.run()
    together = world.run(width, seed)

    assert together.state == alone.state
    assert together.status == alone.status
    assert together.reason == alone.reason
    assert Counter(together.executed) == Counter(alone.executed)
    assert together.skipped == alone.skipped
    assert together.groups == alone.groups


@settings(max_examples=60, deadline=None)
@given(graphs(policies=(*KEPT_GOING, FAIL_RUN)), st.sampled_from((2, 16)), st.integers())
def test_with_fail_run_the_status_is_the_same_at_every_concurrency(world: World, width: int, seed: int) -> None:
    assert world.run(width, seed).status == world.run().status


@settings(max_examples=60, deadline=None)
@given(graphs(policies=KEPT_GOING), st.integers(1, 16), st.integers())
def test_never_more_goes_on_at_once_than_the_limit_says(world: World, width: int, seed: int) -> None:
    assert world.run(width, seed).most_at_once <= width


@settings(max_examples=60, deadline=None)
@given(graphs(policies=KEPT_GOING), st.integers(0, 12), st.integers(1, 16), st.integers())
def test_a_cancelled_run_ends_and_begins_nothing_more(world: World, after: int, width: int, seed: int) -> None:
    story = Drive(world.experience, {}, width=width, choose=Random(seed), nested=world.nested, cancel_after=after).run()

    assert story.status in (RunStatus.CANCELLED, RunStatus.SUCCESS, RunStatus.FAILURE)
    assert story.status is not RunStatus.CANCELLED or len(story.executed) == after


def test_a_node_that_fails_less_often_than_it_is_tried_succeeds() -> None:
    """A guard for the laws above: graphs in which nothing ever failed would prove little."""
    node = Node("n0", Kind.TOOL, ToolSpec("a.py"), source={}, on_error=RETRY)
    alone = Experience("one", "1.0.0", (node,), (), STATE)

    assert World(alone, failures={"n0": 1}).run().status is RunStatus.SUCCESS
    assert World(alone, failures={"n0": 99}).run().status is RunStatus.FAILURE
