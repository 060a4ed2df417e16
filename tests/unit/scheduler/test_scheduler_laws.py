"""Laws of scheduling over random graphs: concurrency and the order of ends change nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.experience.model import Experience, Kind, Node, ToolSpec
from engine.log.events.events import RunStatus
from tests.unit.scheduler.laws import (
    alone_and_together_are_the_same,
    some_of_it_restored_is_the_same,
    what_completed_did_not_fail_whole,
)
from tests.unit.scheduler.random_graphs import FAIL_RUN, KEPT_GOING, RETRY, STATE, World, graphs


@settings(max_examples=10)
@given(graphs(policies=KEPT_GOING), st.sampled_from((2, 16)), st.integers())
def test_concurrency_and_luck_change_neither_state_nor_status_nor_what_runs(
    world: World, width: int, seed: int
) -> None:
    alone_and_together_are_the_same(world, width, seed)


@settings(max_examples=10)
@given(graphs(policies=(*KEPT_GOING, FAIL_RUN)), st.sampled_from((2, 16)), st.integers())
def test_with_fail_run_the_status_is_the_same_at_every_concurrency(world: World, width: int, seed: int) -> None:
    assert world.run(width, seed).status == world.run().status


@settings(max_examples=10)
@given(graphs(policies=KEPT_GOING), st.integers(1, 16), st.integers())
def test_never_more_goes_on_at_once_than_the_limit_says(world: World, width: int, seed: int) -> None:
    assert world.run(width, seed).most_at_once <= width


@settings(max_examples=10)
@given(graphs(policies=KEPT_GOING), st.integers(1, 16), st.integers())
def test_what_is_restored_changes_neither_state_nor_status(world: World, width: int, seed: int) -> None:
    some_of_it_restored_is_the_same(world, width, seed)


@settings(max_examples=10)
@given(graphs(policies=(*KEPT_GOING, FAIL_RUN)), st.integers(1, 16), st.integers())
def test_what_goes_on_in_spite_of_failures_has_something_to_go_on_with(world: World, width: int, seed: int) -> None:
    what_completed_did_not_fail_whole(world, width, seed)


@settings(max_examples=10)
@given(graphs(policies=(*KEPT_GOING, FAIL_RUN)), st.integers(0, 12), st.integers(1, 16), st.integers())
def test_a_cancelled_run_ends_and_begins_nothing_more(world: World, after: int, width: int, seed: int) -> None:
    story = world.run(width, seed, cancel_after=after)

    assert story.status in (RunStatus.CANCELLED, RunStatus.SUCCESS, RunStatus.FAILURE)
    assert story.status is not RunStatus.CANCELLED or len(story.executed) == after


@settings(max_examples=10)
@given(graphs(policies=(*KEPT_GOING, FAIL_RUN)), st.integers(0, 12), st.integers(1, 16), st.integers())
def test_whenever_the_time_of_nested_experiences_is_over_the_run_ends(
    world: World, after: int, width: int, seed: int
) -> None:
    assert world.run(width, seed, rings=True).status in (RunStatus.SUCCESS, RunStatus.FAILURE)
    assert world.run(width, seed, rings=True, cancel_after=after).status is not None


def test_a_node_that_fails_less_often_than_it_is_tried_succeeds() -> None:
    """A guard for the laws above: graphs in which nothing ever failed would prove little."""
    node = Node("n0", Kind.TOOL, ToolSpec("a.py"), source={}, on_error=RETRY)
    alone = Experience("one", "1.0.0", (node,), (), STATE)

    assert World(alone, failures={"n0": 1}).run().status is RunStatus.SUCCESS
    assert World(alone, failures={"n0": 99}).run().status is RunStatus.FAILURE
