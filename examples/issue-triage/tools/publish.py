"""Writes what became of each issue as a Markdown page, the most urgent first."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

EXPERIENCE = Path(__file__).resolve().parent.parent


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    target = EXPERIENCE / inputs["file"]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(_page(inputs["_state"])) + "\n", encoding="utf-8")
    return {"state_delta": {}, "edge_output": {"file": inputs["file"]}}


def _page(state: dict[str, Any]) -> Iterator[str]:
    titles = {issue["number"]: issue["title"] for issue in state["issues"]}
    plans = {plan["number"]: plan for plan in state["plans"]}
    answers = {answer["number"]: answer["answer"] for answer in state["answers"]}
    yield "# New issues"
    for entry in sorted(state["sorted"], key=lambda entry: -entry["urgency"]):
        number = entry["number"]
        yield f"\n## #{number} {titles[number]}\n\n{entry['type']}, urgency {entry['urgency']}"
        if number in plans:
            yield ""
            yield from (f"{at}. {step}" for at, step in enumerate(plans[number]["steps"], start=1))
            yield from (f"* To ask: {question}" for question in plans[number].get("questions", []))
        if number in answers:
            yield f"\n> {answers[number]}"
