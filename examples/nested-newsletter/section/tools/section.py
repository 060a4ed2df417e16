"""The two steps of a section: its sentences, and the text that they make."""

from typing import Any


def split(inputs: dict[str, Any]) -> dict[str, Any]:
    return {"state_delta": {"sentences": [line.strip() for line in inputs["notes"].splitlines() if line.strip()]}}


def write(inputs: dict[str, Any]) -> dict[str, Any]:
    sentences = inputs["_state"]["sentences"]
    section = {"title": inputs["topic"].title(), "body": " ".join(sentences)}
    return {"state_delta": {"finished": [section]}}
