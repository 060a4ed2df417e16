"""Writes down what the next person on call must know, and a line for the log of the shift."""

import os
from pathlib import Path
from typing import Any

EXPERIENCE = Path(__file__).resolve().parent.parent


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    state, service = inputs["_state"], inputs["service"]
    target = EXPERIENCE / inputs["file"]
    target.parent.mkdir(parents=True, exist_ok=True)
    steps = [f"{number}. {step}" for number, step in enumerate(state["steps"], start=1)]
    prepared = ["", f"Prepared: {state['proposal'].strip()}"] if state.get("proposal") else []
    person = os.environ.get("ONCALL", "nobody")
    page = [
        f"# {service}",
        "",
        f"{state['severity']}, looked at by {person}: {state['cause']}",
        "",
        *steps,
        *prepared,
        "",
    ]
    target.write_text("\n".join(page), encoding="utf-8")
    return {"state_delta": {"shift_log": [f"{service}: {state['severity']}: {state['cause']}"]}}
