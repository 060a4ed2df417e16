"""Compares each city's mean with its long-term mean, which comes from a CSV file."""

import csv
from pathlib import Path
from typing import Any

EXPERIENCE = Path(__file__).resolve().parent.parent


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    normals = _normals(inputs["file"])
    deviations = [
        {"city": summary["city"], "celsius": round(summary["mean"] - normals[summary["city"]], 1)}
        for summary in inputs["_state"]["summaries"]
    ]
    largest = max((deviation["celsius"] for deviation in deviations), key=abs)
    return {"state_delta": {"deviations": deviations, "largest_deviation": largest}}


def _normals(file: str) -> dict[str, float]:
    path = EXPERIENCE / file
    if not path.exists():
        raise FileNotFoundError(
            f"{file} is missing (the long-term mean of each city). Add it: cp fixtures/{path.name} {file}"
        )
    with path.open(encoding="utf-8", newline="") as rows:
        return {row["city"]: float(row["mean_celsius"]) for row in csv.DictReader(rows)}
