"""The two JSON Schemas that ship with oe: what an experience.yaml may say, and what a run log may hold."""

import json
from functools import cache
from importlib import resources
from typing import Any


@cache
def experience_schema() -> dict[str, Any]:
    """Return the JSON Schema of experience.yaml (docs/format.md); callers share it and never change it."""
    return _load("experience.schema.json")


@cache
def event_schema() -> dict[str, Any]:
    """Return the JSON Schema of one line of a run log (docs/design.md, The run log).

    Callers share it and never change it.
    """
    return _load("event.schema.json")


def _load(name: str) -> dict[str, Any]:
    text = resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
