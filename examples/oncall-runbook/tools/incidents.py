"""Makes the database of earlier incidents from SQL text, which git can compare."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

EXPERIENCE = Path(__file__).resolve().parent.parent


def run(inputs: dict[str, Any]) -> dict[str, Any]:
    target = EXPERIENCE / inputs["to"]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(target)) as database:
        database.executescript((EXPERIENCE / inputs["from"]).read_text(encoding="utf-8"))
    return {"state_delta": {}}
