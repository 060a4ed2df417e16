"""Turns the tolerant tree into the typed model, item by item."""
