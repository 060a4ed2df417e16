"""Writes a ticket for what can wait until morning."""

from pathlib import Path
from typing import Any

EXPERIENCE = Path(__file__).resolve().parent.parent


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    state = inputs["_state"]
    target = EXPERIENCE / inputs["file"]
    target.parent.mkdir(parents=True, exist_ok=True)
    steps = [f"- [ ] {step}" for step in state["steps"]]
    target.write_text("\n".join([f"# {inputs['service']}: {state['cause']}", "", *steps, ""]), encoding="utf-8")
    return {"state_delta": {}, "edge_output": {"file": inputs["file"]}}
