"""The laws of scheduling again, over many more graphs."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.spec.model import Experience
from tests.unit.core.driving import Behaviour, Drive
from tests.unit.core.test_scheduler_laws import graphs


@settings(max_examples=3_000, deadline=None)
@given(graphs(), st.integers(2, 16), st.integers())
def test_concurrency_and_luck_change_nothing(
    world: tuple[Experience, dict[str, Behaviour]], width: int, seed: int
) -> None:
    alone = Drive(*world).run()
    together = Drive(*world, width=width, choose=Random(seed)).run()

    assert (together.state, together.status, together.skipped) == (alone.state, alone.status, alone.skipped)
