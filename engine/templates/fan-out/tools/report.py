"""Sums up what the items found."""

from __future__ import annotations

from typing import Any


def run(given: dict[str, Any]) -> dict[str, Any]:
    """Return the total as the node's edge output."""
    counts = given["_state"]["counts"]
    total = sum(entry["words"] for entry in counts)
    return {"state_delta": {}, "edge_output": f"{total} words in {len(counts)} files"}
