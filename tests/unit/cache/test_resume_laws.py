"""Laws of resuming over random graphs: it equals an uninterrupted run, and its plan."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.cache.resume_laws import a_resume_does_what_its_plan_says, a_resume_equals_a_fresh_run
from tests.unit.scheduler.random_graphs import KEPT_GOING, World, graphs


@st.composite
def edited(draw: st.DrawFn) -> tuple[World, World]:
    """A world, and what somebody made of it."""
    world = draw(graphs(policies=KEPT_GOING))
    return world, world.edited(frozenset(draw(st.lists(st.sampled_from(world.node_ids()), unique=True, max_size=3))))


@settings(max_examples=12)
@given(edited(), st.sampled_from((1, 2, 16)), st.integers())
def test_a_resume_ends_like_a_fresh_run(worlds: tuple[World, World], width: int, seed: int) -> None:
    a_resume_equals_a_fresh_run(*worlds, width, seed)


@settings(max_examples=12)
@given(edited(), st.sampled_from((1, 2, 16)), st.integers())
def test_a_resume_does_what_its_plan_said(worlds: tuple[World, World], width: int, seed: int) -> None:
    a_resume_does_what_its_plan_says(*worlds, width, seed)
