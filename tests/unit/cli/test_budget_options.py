"""`--max-cost`, `--max-tokens` and `--max-duration` on the command line (docs/format.md, Budget)."""

from __future__ import annotations

import pytest

from tests.support.worlds import World
from tests.unit.cli.conftest import Oe


def test_a_run_says_which_budget_ended_it_and_a_resume_keeps_it(world: World, oe: Oe) -> None:
    """No call is made, so the model is not even looked for."""
    world.graph("- {id: a, kind: agent, prompt: Say something., max_tokens: 100, writes: [x]}", state="x: {}")

    key = {"ANTHROPIC_API_KEY": "sk-of-this-test"}
    stopped = oe("run", "--max-cost", "0", "--max-duration", "1h", **key)
    again = oe("resume", "latest", **key)
    shown = oe("inspect", "latest").out

    why = "the budget of $0.00 does not cover the next call: $0.00 spent, and it may cost $0.00151"
    for ended, run_id in zip((stopped, again), reversed(world.store.run_ids()), strict=True):
        assert ended.code == 130
        assert f"■ cancelled: {why} · 1 cancelled · " in ended.out
        assert ended.out.endswith(f"Resume with: oe resume {run_id} --max-cost 0.0016\n")
    assert why in shown


@pytest.mark.parametrize("written", ["10 min", "5", "0s", "-1m", "1.5h"])
def test_anything_but_a_time_span_is_wrong_usage(world: World, oe: Oe, written: str) -> None:
    world.graph("- {id: a, kind: tool, impl: ./a.py}")

    wrong = oe("run", "--max-duration", written)

    assert wrong.code == 2
    assert "Use a number with s, m or h, such as 30s, 10m or 2h." in wrong.err
