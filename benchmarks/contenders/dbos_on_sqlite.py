"""DBOS as it is measured: on a SQLite file, without a server of its own."""

from __future__ import annotations

from pathlib import Path

from dbos import DBOS


def launch(file: Path, *, log_level: str) -> None:
    """Begin to run workflows whose steps are kept in `file`."""
    DBOS(
        config={
            "name": "bench",
            "system_database_url": f"sqlite:///{file}",
            "run_admin_server": False,
            "log_level": log_level,
        }
    )
    DBOS.launch()
