"""Finds words that stand twice in a row."""

import re
from typing import Any

_TWICE = re.compile(r"\b(\w+) \1\b", re.IGNORECASE)


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    sections = inputs["_state"]["sections"]
    found = [(each["title"], twice[1]) for each in sections for twice in _TWICE.finditer(each["body"])]
    return {"state_delta": {"remarks": [f"{title}: '{word}' stands there twice." for title, word in found]}}
