"""Computes the statistics of one city's week."""

from statistics import mean, pstdev
from typing import Any


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    city = inputs["$item"]
    celsius = [reading["celsius"] for reading in city["readings"]]
    summary = {
        "city": city["name"],
        "mean": round(mean(celsius), 1),
        "spread": round(pstdev(celsius), 1),
        "low": min(celsius),
        "high": max(celsius),
        "rain_mm": round(sum(reading["rain_mm"] for reading in city["readings"]), 1),
    }
    return {"state_delta": {"summaries": [summary]}}
