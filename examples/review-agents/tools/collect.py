"""Collects the files of a folder, in the order of their names."""

from pathlib import Path
from typing import Any

EXPERIENCE = Path(__file__).resolve().parent.parent


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    paths = sorted(path for path in (EXPERIENCE / inputs["folder"]).iterdir() if path.is_file())
    files = [
        {"path": path.relative_to(EXPERIENCE).as_posix(), "text": path.read_text(encoding="utf-8")} for path in paths
    ]
    return {"state_delta": {"files": files}, "edge_output": {"files": len(files)}}
