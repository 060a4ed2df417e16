"""Writes the totals as a Markdown table, the product with the most revenue first."""

from pathlib import Path
from typing import Any

EXPERIENCE = Path(__file__).resolve().parent.parent


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    target = EXPERIENCE / inputs["file"]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        _page(inputs["_state"]["totals"], inputs["_edge_inputs"]["aggregate"]["refunded"]), encoding="utf-8"
    )
    return {"state_delta": {}, "edge_output": {"file": inputs["file"]}}


def _page(totals: dict[str, Any], refunded: int) -> str:
    ordered = sorted(totals.items(), key=lambda entry: -entry[1]["revenue"])
    rows = [f"| {product} | {total['units']} | {total['revenue']:.2f} |" for product, total in ordered]
    head = ["# Sales", "", "| product | units | revenue |", "| --- | ---: | ---: |"]
    return "\n".join([*head, *rows, "", f"Without {refunded} orders that were given back.", ""])
