"""The laws of scheduling again, over many more graphs."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.log.events.events import RunStatus
from tests.unit.cache.resume_laws import a_resume_does_what_its_plan_says, a_resume_equals_a_fresh_run
from tests.unit.cache.test_resume_laws import edited
from tests.unit.scheduler.laws import alone_and_together_are_the_same, some_of_it_restored_is_the_same
from tests.unit.scheduler.random_graphs import FAIL_RUN, KEPT_GOING, World, graphs

ANY_POLICY = (*KEPT_GOING, FAIL_RUN)
ENDS = (RunStatus.SUCCESS, RunStatus.FAILURE, RunStatus.CANCELLED)


@settings(max_examples=2_000, deadline=None)
@given(graphs(policies=KEPT_GOING), st.integers(2, 16), st.integers())
def test_concurrency_and_luck_change_nothing(world: World, width: int, seed: int) -> None:
    alone_and_together_are_the_same(world, width, seed)


@settings(max_examples=1_000, deadline=None)
@given(graphs(policies=ANY_POLICY), st.integers(2, 16), st.integers())
def test_with_fail_run_the_status_is_the_same(world: World, width: int, seed: int) -> None:
    assert world.run(width, seed).status == world.run().status


@settings(max_examples=1_000, deadline=None)
@given(graphs(policies=KEPT_GOING), st.integers(1, 16), st.integers())
def test_what_is_restored_changes_neither_state_nor_status(world: World, width: int, seed: int) -> None:
    some_of_it_restored_is_the_same(world, width, seed)


@settings(max_examples=1_000, deadline=None)
@given(graphs(policies=ANY_POLICY), st.integers(0, 30), st.integers(1, 16), st.integers())
def test_a_run_that_is_stopped_at_any_moment_for_any_cause_ends(
    world: World, after: int, width: int, seed: int
) -> None:
    assert world.run(width, seed, rings=True, cancel_after=after).status in ENDS


@settings(max_examples=1_000, deadline=None)
@given(edited(), st.integers(1, 16), st.integers())
def test_a_resume_equals_a_fresh_run_and_its_plan(worlds: tuple[World, World], width: int, seed: int) -> None:
    a_resume_equals_a_fresh_run(*worlds, width, seed)
    a_resume_does_what_its_plan_says(*worlds, width, seed)
