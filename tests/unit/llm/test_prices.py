"""What a call costs."""

from __future__ import annotations

import pytest

from engine.llm.prices import cost_usd
from engine.llm.providers import PROVIDERS, Provider


def test_tokens_in_and_out_have_their_own_price() -> None:
    assert cost_usd("anthropic", "claude-haiku-4-5", 1_000_000, 100_000) == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("provider", "dated", "model"),
    [("anthropic", "claude-haiku-4-5-20251001", "claude-haiku-4-5"), ("openai", "gpt-4o-2024-11-20", "gpt-4o")],
)
def test_a_dated_model_costs_what_it_costs_without_its_date(provider: str, dated: str, model: str) -> None:
    assert cost_usd(provider, dated, 1000, 10) == cost_usd(provider, model, 1000, 10)


@pytest.mark.parametrize("model", ["claude-haiku-4", "claude-haiku-4-5-fast", "gpt-4o", ""])
def test_an_unknown_model_has_no_cost_rather_than_a_wrong_one(model: str) -> None:
    assert cost_usd("anthropic", model, 1, 1) is None


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=list(PROVIDERS))
def test_the_default_model_of_each_provider_has_a_price(provider: Provider) -> None:
    assert cost_usd(provider.name, provider.default_model, 1, 1) is not None
