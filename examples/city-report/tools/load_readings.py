"""Reads the week's readings from a CSV file and groups them by city."""

import csv
from pathlib import Path
from typing import Any

EXPERIENCE = Path(__file__).resolve().parent.parent


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    by_city: dict[str, list[dict[str, Any]]] = {}
    with (EXPERIENCE / inputs["file"]).open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            reading = {
                "date": row["date"],
                "celsius": float(row["celsius"]),
                "rain_mm": float(row["rain_mm"]),
            }
            by_city.setdefault(row["city"], []).append(reading)
    cities = [{"name": name, "readings": readings} for name, readings in by_city.items()]
    return {"state_delta": {"cities": cities}, "edge_output": {"cities": len(cities)}}
