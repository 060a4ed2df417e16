"""Lists the text files of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

HERE = Path(__file__).parent.parent


def run(given: dict[str, Any]) -> dict[str, Any]:
    """Write the names of the files, relative to the experience."""
    found = sorted((HERE / given["folder"]).glob("*.txt"))
    return {"state_delta": {"files": [path.relative_to(HERE).as_posix() for path in found]}}
