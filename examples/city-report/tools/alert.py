"""Writes one sentence for every city that is unusually warm, or unusually cold."""

from typing import Any

SIGN = {"warmer": 1, "colder": -1}


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    direction, threshold = inputs["direction"], inputs["threshold"]
    alerts = [
        f"{deviation['city']} was {abs(deviation['celsius'])} °C {direction} than usual."
        for deviation in inputs["_state"]["deviations"]
        if deviation["celsius"] * SIGN[direction] >= threshold
    ]
    return {"state_delta": {"alerts": alerts}}
