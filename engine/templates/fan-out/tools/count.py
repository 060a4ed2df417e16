"""Counts the words of one file, the item of the fan-out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

HERE = Path(__file__).parent.parent


def run(given: dict[str, Any]) -> dict[str, Any]:
    """Append one entry; `$item` is the name of the file."""
    text = (HERE / given["$item"]).read_text(encoding="utf-8")
    return {"state_delta": {"counts": [{"file": given["$item"], "words": len(text.split())}]}}
