"""Writes the summary and the findings as a Markdown page."""

from pathlib import Path
from typing import Any

EXPERIENCE = Path(__file__).resolve().parent.parent
WORST_FIRST = ("high", "medium", "low")


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    target = EXPERIENCE / inputs["file"]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(_page(**inputs["_state"]), encoding="utf-8")
    return {"state_delta": {}, "edge_output": {"file": inputs["file"]}}


def _page(findings: list[dict[str, Any]], summary: str) -> str:
    ordered = sorted(findings, key=lambda finding: WORST_FIRST.index(finding["severity"]))
    lines = [f"- **{f['severity']}** `{f['path']}:{f['line']}`: {f['problem']}" for f in ordered]
    return "\n".join(["# Review", "", summary.strip(), "", *lines, ""])
