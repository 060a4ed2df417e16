"""What a command came to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Called:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """stdout as JSON lines; every one of them must be an object."""
        objects = [json.loads(line) for line in self.out.splitlines()]
        assert all(isinstance(line, dict) and {"level", "msg"} <= line.keys() for line in objects)
        return objects
