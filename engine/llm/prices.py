"""The cost of calls, from prices.json, which names the source and date of its prices."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

_DATE_SUFFIX = re.compile(r"-(\d{8}|\d{4}-\d{2}-\d{2})$")


def cost_usd(provider: str, model: str, tokens_in: int, tokens_out: int) -> float | None:
    """The cost of a call in US dollars; None if the price is unknown: better no cost than a wrong one.

    A model with a date (`claude-haiku-4-5-20251001`, `gpt-4o-2024-11-20`) has the price of the model without it.
    """
    price = prices(provider).get(_DATE_SUFFIX.sub("", model))
    if price is None:
        return None
    return (tokens_in * price["input"] + tokens_out * price["output"]) / 1_000_000


@cache
def prices(provider: str) -> dict[str, dict[str, float]]:
    """By model, the US dollars per million tokens (`input`, `output`); shared: to be read, never changed."""
    text = Path(__file__).with_name("prices.json").read_text(encoding="utf-8")
    by_model: dict[str, dict[str, float]] = json.loads(text).get(provider, {}).get("usdPerMillionTokens", {})
    return by_model
