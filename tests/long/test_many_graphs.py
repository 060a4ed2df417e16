"""The laws of scheduling again, over many more graphs."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.core.random_graphs import KEPT_GOING, World, graphs


@settings(max_examples=3_000, deadline=None)
@given(graphs(policies=KEPT_GOING), st.integers(2, 16), st.integers())
def test_concurrency_and_luck_change_nothing(world: World, width: int, seed: int) -> None:
    alone = world.run()
    together = world.run(width, seed)

    assert (together.state, together.status, together.skipped) == (alone.state, alone.status, alone.skipped)
