"""A.7: the waits between attempts. Ours carry jitter: between half of the public engine's wait and all of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experience.model import Backoff, OnError, Policy
from engine.log.events.events import NodeAttempt
from engine.runner import execution
from engine.runner.execution import retry_wait_ms
from tests.support.experiences import experience, yaml_graph
from tests.support.worlds import World


def written(on_error: str) -> OnError:
    """`on_error` as an author writes it."""
    return experience(yaml_graph(f"- {{id: a, kind: tool, impl: a.py, on_error: {on_error}}}")).nodes[0].on_error


TABLE = [
    ("{policy: retry, attempts: 5, backoff: linear, base_ms: 100}", [100, 200, 300, 400]),
    ("{policy: retry, attempts: 5, backoff: exponential, base_ms: 100}", [100, 200, 400, 800]),
    ("{policy: retry, attempts: 5, base_ms: 100}", [100, 200, 300, 400]),
    ("{policy: retry, attempts: 5}", [100, 200, 300, 400]),
]


@pytest.mark.parametrize(("on_error", "steps"), TABLE, ids=[on_error for on_error, _ in TABLE])
@pytest.mark.parametrize(
    ("luck", "share"), [(lambda low, _: low, 0.5), (lambda _, high: high, 1.0)], ids=["least", "most"]
)
def test_waits_lie_between_half_of_the_step_and_all_of_it(
    monkeypatch: pytest.MonkeyPatch,
    on_error: str,
    steps: list[int],
    luck: Callable[[float, float], float],
    share: float,
) -> None:
    monkeypatch.setattr(execution.random, "uniform", luck)

    waits = [retry_wait_ms(written(on_error), attempt) for attempt in (1, 2, 3, 4)]

    assert waits == [round(step * share) for step in steps]


@given(st.sampled_from(Backoff), st.integers(0, 60_000), st.integers(1, 19))
def test_no_draw_leaves_the_bounds(backoff: Backoff, base_ms: int, attempt: int) -> None:
    policy = OnError(Policy.RETRY, attempts=20, backoff=backoff, base_ms=base_ms)
    step = base_ms * (attempt if backoff is Backoff.LINEAR else 2 ** (attempt - 1))

    assert step // 2 <= retry_wait_ms(policy, attempt) <= step


async def test_the_log_holds_the_wait_before_each_further_attempt(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution.random, "uniform", lambda _, high: high)
    retry = "{policy: retry, attempts: 4, backoff: exponential, base_ms: 2}"
    world.graph(f"- {{id: a, kind: tool, impl: a.py, on_error: {retry}}}")
    world.tool("a", "raise ValueError('no')")

    ended = await world.run()

    attempts = [record.event for record in world.records(ended.run_id) if isinstance(record.event, NodeAttempt)]
    assert [attempt.wait_ms for attempt in attempts] == [2, 4, 8]
    assert world.executed() == ["a"] * 4
