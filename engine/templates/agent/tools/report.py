"""Puts the answer of the agent into one line."""

from __future__ import annotations

from typing import Any


def run(given: dict[str, Any]) -> dict[str, Any]:
    """Return the line as the node's edge output."""
    state = given["_state"]
    return {"state_delta": {}, "edge_output": f"{state['mood']}: {'; '.join(state['reasons'])}"}
