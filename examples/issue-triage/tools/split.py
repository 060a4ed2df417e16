"""Puts the issues into one list per kind."""

from typing import Any


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    state = inputs["_state"]
    known = {entry["number"]: entry for entry in state["sorted"]}
    urgent_first = sorted(state["issues"], key=lambda issue: -known[issue["number"]]["urgency"])
    bugs, questions = (
        [issue for issue in urgent_first if known[issue["number"]]["type"] == kind] for kind in ("bug", "question")
    )
    return {
        "state_delta": {"bugs": bugs, "questions": questions},
        "edge_output": {"bugs": len(bugs), "questions": len(questions)},
    }
