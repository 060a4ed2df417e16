"""Reads one row: texts become what they mean, or the row is refused."""

from decimal import Decimal, InvalidOperation
from typing import Any


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    row = inputs["$item"]
    try:
        amount = Decimal(row["amount"])
    except InvalidOperation:
        raise ValueError(f"invoice {row['number']}: the amount {row['amount']} is no number") from None
    return {"edge_output": {**row, "customer": row["customer"].strip(), "amount": float(amount)}}
