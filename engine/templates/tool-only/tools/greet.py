"""Greets somebody. A tool is a function `run` that takes one dict and returns one."""

from __future__ import annotations

from typing import Any


def run(given: dict[str, Any]) -> dict[str, Any]:
    """Write the greeting; `given` holds the node's args, and under `_state` the fields that it reads."""
    return {"state_delta": {"greeting": f"hello, {given['who']}"}}
