"""Reads the notes of each topic."""

from pathlib import Path
from typing import Any

EXPERIENCE = Path(__file__).resolve().parent.parent


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    notes = {name: EXPERIENCE / "notes" / f"{name}.txt" for name in inputs["topics"]}
    topics = [{"name": name, "notes": file.read_text(encoding="utf-8")} for name, file in notes.items()]
    return {"state_delta": {"topics": topics}}
