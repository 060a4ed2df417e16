"""The tables of state.sqlite. The first two are the public format; they are computed from the others."""

from __future__ import annotations

import contextlib
import sqlite3
import uuid
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS state_snapshot (
  field TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  updated_by_node TEXT NOT NULL,
  updated_by_run TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS state_history (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  field TEXT NOT NULL,
  value_old TEXT,
  value_new TEXT NOT NULL,
  node_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  ts TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS idx_history_field ON state_history (field);
CREATE INDEX IF NOT EXISTS idx_history_run ON state_history (run_id);
CREATE TABLE state_runs (
  run_id TEXT PRIMARY KEY,
  root_run_id TEXT NOT NULL,
  ended_at TEXT NOT NULL,
  ended_order INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX idx_runs_root ON state_runs (root_run_id);
CREATE TABLE state_contributions (
  field TEXT NOT NULL,
  run_id TEXT NOT NULL REFERENCES state_runs (run_id),
  value TEXT NOT NULL,
  node_id TEXT NOT NULL,
  merge TEXT NOT NULL,
  carried INTEGER NOT NULL,
  start TEXT,
  PRIMARY KEY (field, run_id)
) WITHOUT ROWID;
CREATE INDEX idx_contributions_run ON state_contributions (run_id);
CREATE TABLE state_resets (
  field TEXT,
  ts TEXT NOT NULL,
  reset_order INTEGER NOT NULL DEFAULT 0
);
"""

_IMPORT_SNAPSHOT = """
INSERT INTO state_runs (run_id, root_run_id, ended_at)
  SELECT updated_by_run, updated_by_run, max(updated_at) FROM state_snapshot GROUP BY 1;
INSERT INTO state_contributions
  SELECT field, updated_by_run, value, updated_by_node, 'last_wins', 0, NULL FROM state_snapshot;
"""
"""Values that the public engine left in the file count as written by its runs."""

_ADD_ORDER = """
ALTER TABLE state_runs ADD COLUMN ended_order INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state_resets ADD COLUMN reset_order INTEGER NOT NULL DEFAULT 0;
"""
"""Older versions of oe ordered runs by time alone."""


def make_database(path: Path) -> None:
    """Create the file, unless another process does. Raises OSError and sqlite3.OperationalError.

    Created under a temporary name: switching a file to WAL while others have it open would make one of them fail.
    """
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with contextlib.closing(sqlite3.connect(temporary, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN")
            create_tables(connection)
            connection.execute("COMMIT")
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(temporary)
    finally:
        for beside in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                temporary.with_name(temporary.name + beside).unlink()


def has_tables(connection: sqlite3.Connection) -> bool:
    """Whether the tables exist in the form of this version."""
    return "ended_order" in _columns(connection)


def create_tables(connection: sqlite3.Connection) -> None:
    """Create missing tables and columns. Call it in a transaction."""
    columns = _columns(connection)
    if "ended_order" in columns:
        return
    script = _ADD_ORDER if columns else _SCHEMA + _IMPORT_SNAPSHOT
    for statement in filter(str.strip, script.split(";")):
        connection.execute(statement)


def _columns(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM pragma_table_info('state_runs')")}
