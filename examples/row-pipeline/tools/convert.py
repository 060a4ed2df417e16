"""Converts one invoice to euros."""

from typing import Any


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    invoice = inputs["_edge_inputs"]["clean"]
    rate = inputs["rates"].get(invoice["currency"])
    if rate is None:
        raise ValueError(f"invoice {invoice['number']}: there is no rate for {invoice['currency']}")
    return {"edge_output": {**invoice, "euros": round(invoice["amount"] * rate, 2)}}
