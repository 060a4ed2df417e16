"""Books one invoice: the only stage that writes."""

from typing import Any


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    invoice = inputs["_edge_inputs"]["convert"]
    booking = {key: invoice[key] for key in ("number", "customer", "euros")}
    return {"state_delta": {"bookings": [booking]}}
