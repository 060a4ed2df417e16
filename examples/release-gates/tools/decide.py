"""Puts the checks and the review together. Whatever is missing stands against the release."""

from pathlib import Path
from typing import Any

EXPERIENCE = Path(__file__).resolve().parent.parent


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    state = inputs["_state"]
    against = [f"{gate['gate']}: {gate['reason']}" for gate in state["gates"] if not gate["passed"]]
    made = {gate["gate"] for gate in state["gates"]}
    against += [f"{gate}: could not be checked" for gate in inputs["expected"] if gate not in made]
    if "verdict" not in state:
        against.append("review: there is none")
    elif state["verdict"] == "reject":
        against += [f"review: {concern}" for concern in state["concerns"] or ["rejected"]]
    _write(EXPERIENCE / inputs["file"], against)
    return {"state_delta": {"decision": {"release": not against, "against": against}}}


def _write(file: Path, against: list[str]) -> None:
    verdict = "The release may go out." if not against else "The release may not go out:"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join([f"# {verdict}", "", *(f"- {reason}" for reason in against), ""]), encoding="utf-8")
