"""What a call costs."""

from __future__ import annotations

import pytest

from engine.llm.prices import cost_usd
from engine.nodes.agent import DEFAULT_MODEL


def test_tokens_in_and_out_have_their_own_price() -> None:
    assert cost_usd("claude-haiku-4-5", 1_000_000, 100_000) == pytest.approx(1.5)


def test_a_dated_model_costs_what_it_costs_without_its_date() -> None:
    assert cost_usd("claude-haiku-4-5-20251001", 1000, 0) == cost_usd("claude-haiku-4-5", 1000, 0)


@pytest.mark.parametrize("model", ["claude-haiku-4", "claude-haiku-4-5-fast", "gpt-4o", ""])
def test_an_unknown_model_has_no_cost_rather_than_a_wrong_one(model: str) -> None:
    assert cost_usd(model, 1, 1) is None


def test_the_default_model_has_a_price() -> None:
    assert cost_usd(DEFAULT_MODEL, 1, 1) is not None
