"""Lists the files of a folder, in the order of their names. The agents read them by themselves."""

from pathlib import Path
from typing import Any

EXPERIENCE = Path(__file__).resolve().parent.parent


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    paths = sorted(path for path in (EXPERIENCE / inputs["folder"]).iterdir() if path.is_file())
    return {"state_delta": {"files": [path.relative_to(EXPERIENCE).as_posix() for path in paths]}}
