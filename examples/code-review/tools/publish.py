"""Writes the findings that hold, and those that were refuted, as a Markdown page."""

from pathlib import Path
from typing import Any

EXPERIENCE = Path(__file__).resolve().parent.parent


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    state = inputs["_state"]
    judged = list(zip(state["findings"], state["verdicts"], strict=True))
    hold = [_line(finding, verdict) for finding, verdict in judged if verdict["holds"]]
    refuted = [_line(finding, verdict) for finding, verdict in judged if not verdict["holds"]]
    page = ["# Review", "", *(hold or ["Nothing was found."]), "", "## Refuted", "", *(refuted or ["Nothing."]), ""]
    target = EXPERIENCE / inputs["file"]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(page), encoding="utf-8")
    return {"state_delta": {"report": {"hold": len(hold), "refuted": len(refuted)}}}


def _line(finding: dict[str, Any], verdict: dict[str, Any]) -> str:
    return f"- `{finding['file']}:{finding['line']}`: {finding['problem']} ({verdict['reason']})"
