"""Adds up units and revenue by product, leaving out the orders that were given back."""

from decimal import Decimal
from typing import Any


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    state = inputs["_state"]
    refunded = {refund["order"] for refund in state["refunds"]}
    units: dict[str, int] = {}
    revenue: dict[str, Decimal] = {}
    for order in state["orders"]:
        if order["order"] not in refunded:
            product, quantity = order["product"], int(order["quantity"])
            units[product] = units.get(product, 0) + quantity
            revenue[product] = revenue.get(product, Decimal(0)) + quantity * Decimal(order["price"])
    totals = {product: {"units": units[product], "revenue": float(revenue[product])} for product in sorted(units)}
    return {"state_delta": {"totals": totals}, "edge_output": {"refunded": len(refunded)}}
