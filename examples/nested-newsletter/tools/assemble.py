"""Puts the sections together as one Markdown page."""

from pathlib import Path
from typing import Any

EXPERIENCE = Path(__file__).resolve().parent.parent


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    state = inputs["_state"]
    sections = [f"## {section['title']}\n\n{section['body']}\n" for section in state["sections"]]
    remarks = [f"> {remark}\n" for remark in state["remarks"]]
    target = EXPERIENCE / inputs["file"]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(["# This week\n", *sections, *remarks]), encoding="utf-8")
    return {"state_delta": {}}
