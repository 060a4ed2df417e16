"""Secrets and how they are kept out of a log, and so out of everything that is a projection of it."""

from __future__ import annotations

import json
from collections.abc import Iterable

from engine.expressions import Json

MASK = "***"
_SHORTEST = 4
"""A shorter text is masked by its name only: replaced everywhere, it would garble the log and hide nothing."""


class Secrets:
    """The values that no line of a log may hold. `texts` are their bytes, the longest first."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        known = {value for value in values if len(value) >= _SHORTEST}
        ordered = sorted(known, key=len, reverse=True)
        self.texts = tuple(value.encode("utf-8", "surrogateescape") for value in ordered)
        self._written = [_as_json(value).encode() for value in ordered]

    def mask(self, line: bytes) -> bytes:
        """A line of JSON with every secret in its texts replaced."""
        for secret in self._written:
            line = line.replace(secret, MASK.encode())
        return line

    def are_in(self, value: Json) -> bool:
        """Whether masking would change a value."""
        if not self._written:
            return False
        text = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return any(secret in text for secret in self._written)


def _as_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
