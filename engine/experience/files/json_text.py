"""JSON files beside an experience, parsed once."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from msgspec import Struct


class NotJson(Struct, frozen=True):
    """The reason why a text is not JSON, for the user."""

    reason: str


@lru_cache(maxsize=64)
def parse_json(text: str) -> Any:
    """The value of a JSON text, shared with other callers and not to be changed, or NotJson."""
    try:
        return json.loads(text)
    except RecursionError:
        return NotJson("it is nested too deeply")
    except ValueError as error:
        return NotJson(str(error))
