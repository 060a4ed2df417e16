"""Writes the ledger as a Markdown table."""

from pathlib import Path
from typing import Any

EXPERIENCE = Path(__file__).resolve().parent.parent


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    bookings = inputs["_state"]["bookings"]
    rows = [f"| {booking['number']} | {booking['customer']} | {booking['euros']:.2f} |" for booking in bookings]
    total = f"| | **all** | **{sum(booking['euros'] for booking in bookings):.2f}** |"
    target = EXPERIENCE / inputs["file"]
    target.parent.mkdir(parents=True, exist_ok=True)
    head = ["| invoice | customer | euros |", "| --- | --- | ---: |"]
    target.write_text("\n".join([*head, *rows, total, ""]), encoding="utf-8")
    return {"state_delta": {}}
