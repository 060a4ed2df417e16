"""Writes the text, and below it how it came about."""

from pathlib import Path
from typing import Any

EXPERIENCE = Path(__file__).resolve().parent.parent


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    state = inputs["_state"]
    steps = [f"{number}. {remark}" for number, remark in enumerate(state["remarks"], start=1)]
    target = EXPERIENCE / inputs["file"]
    target.parent.mkdir(parents=True, exist_ok=True)
    lines = [state["text"], "", f"Scored {state['score']} of 10 after {len(steps)} revisions:", "", *steps, ""]
    target.write_text("\n".join(lines), encoding="utf-8")
    return {"state_delta": {}}
