"""Computes the value and history of each field from the contributions in state.sqlite alone, so that the order in which
runs were merged, and how often, makes no difference.
"""

from __future__ import annotations

import json
import sqlite3

from msgspec import Struct
from msgspec.structs import asdict, astuple

from engine.experience.model import Merge
from engine.expressions import MISSING, Json, Missing
from engine.state.contribution import FieldContribution

_RUNS = "SELECT run_id, root_run_id, ended_order, ended_at FROM state_runs"

# The contributions that counted when :run_id ended: of runs with the same root, only the last counts.
_COUNTING = """
SELECT value, node_id, merge, carried, start, run_id, ended_at
FROM state_contributions JOIN state_runs AS run USING (run_id)
WHERE field = :field AND (ended_order, ended_at, run_id) <= (:ended_order, :ended_at, :run_id) AND NOT EXISTS (
  SELECT 1 FROM state_runs AS later
  WHERE later.root_run_id = run.root_run_id
    AND (later.ended_order, later.ended_at, later.run_id) > (run.ended_order, run.ended_at, run.run_id)
    AND (later.ended_order, later.ended_at, later.run_id) <= (:ended_order, :ended_at, :run_id)
)
ORDER BY ended_order, ended_at, run_id
"""


class _Run(Struct, frozen=True):
    run_id: str
    root_run_id: str
    ended_order: int
    ended_at: str

    @property
    def place(self) -> tuple[int, str, str]:
        """The sort key of runs: the order of their ends; runs of older versions of oe, which have none, come first."""
        return self.ended_order, self.ended_at, self.run_id


class _Origin(Struct, frozen=True):
    updated_at: str
    node_id: str
    run_id: str


def project(connection: sqlite3.Connection, run_id: str) -> None:
    """Update values and histories after the contributions of `run_id` were inserted."""
    run = _Run(*connection.execute(f"{_RUNS} WHERE run_id = ?", (run_id,)).fetchone())
    later = "SELECT 1 FROM state_runs WHERE (ended_order, ended_at, run_id) > (?, ?, ?) LIMIT 1"
    if connection.execute(later, run.place).fetchone() is None:
        _step(connection, run)
    else:
        project_all(connection)


def project_all(connection: sqlite3.Connection) -> None:
    """Recompute all values and histories."""
    for table in ("state_snapshot", "state_history", "sqlite_sequence"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608
    for run in connection.execute(f"{_RUNS} ORDER BY ended_order, ended_at, run_id").fetchall():
        _step(connection, _Run(*run))


def _step(connection: sqlite3.Connection, run: _Run) -> None:
    """Apply `run` to the values of the runs before it."""
    own = _fields_of(connection, run.run_id)
    replaced = _replaced_by(connection, run)
    for field in sorted(own | replaced):
        row = connection.execute("SELECT value FROM state_snapshot WHERE field = ?", (field,)).fetchone()
        old: str | None = row[0] if row else None
        value, origin = (_folded if field in replaced else _added)(connection, run, field, value_of(old))
        new = text_of(value)
        if old == new and field not in own:
            continue
        _set_value(connection, field, new, origin)
        connection.execute(
            "INSERT INTO state_history (field, value_old, value_new, node_id, run_id, ts) VALUES (?, ?, ?, ?, ?, ?)",
            (field, old, new or "null", origin.node_id if field in own else "", run.run_id, run.ended_at),
        )


def _fields_of(connection: sqlite3.Connection, run_id: str) -> set[str]:
    rows = connection.execute("SELECT field FROM state_contributions WHERE run_id = ?", (run_id,))
    return {field for (field,) in rows}


def _replaced_by(connection: sqlite3.Connection, run: _Run) -> set[str]:
    """The fields of the run that `run` replaces: the last one before it with the same root."""
    row = connection.execute(
        "SELECT run_id FROM state_runs WHERE root_run_id = ? AND (ended_order, ended_at, run_id) < (?, ?, ?) "
        "ORDER BY ended_order DESC, ended_at DESC, run_id DESC LIMIT 1",
        (run.root_run_id, *run.place),
    ).fetchone()
    return _fields_of(connection, row[0]) if row else set()


def _added(
    connection: sqlite3.Connection, run: _Run, field: str, before: Json | Missing
) -> tuple[Json | Missing, _Origin]:
    """The value of a field after merging the contribution of `run` into the value `before`."""
    value, node_id, merge, carried, start = connection.execute(
        "SELECT value, node_id, merge, carried, start FROM state_contributions WHERE field = ? AND run_id = ?",
        (field, run.run_id),
    ).fetchone()
    return _contribution(value, node_id, merge, carried, start).after(before), _Origin(
        run.ended_at, node_id, run.run_id
    )


def _folded(connection: sqlite3.Connection, run: _Run, field: str, _: Json | Missing) -> tuple[Json | Missing, _Origin]:
    """The value of a field from all contributions that counted when `run` ended, since merges cannot be undone."""
    value: Json | Missing = MISSING
    origin = _Origin(run.ended_at, "", run.run_id)
    for written, node_id, merge, carried, start, run_id, ended_at in connection.execute(
        _COUNTING, {"field": field, **asdict(run)}
    ):
        value = _contribution(written, node_id, merge, carried, start).after(value)
        origin = _Origin(ended_at, node_id, run_id)
    return value, origin


def _set_value(connection: sqlite3.Connection, field: str, value: str | None, origin: _Origin) -> None:
    if value is None:
        connection.execute("DELETE FROM state_snapshot WHERE field = ?", (field,))
    else:
        connection.execute(
            "INSERT OR REPLACE INTO state_snapshot VALUES (?, ?, ?, ?, ?)", (field, value, *astuple(origin))
        )


def _contribution(value: str, node_id: str, merge: str, carried: int, start: str | None) -> FieldContribution:
    return FieldContribution(json.loads(value), node_id, Merge(merge), bool(carried), value_of(start))


def text_of(value: Json | Missing) -> str | None:
    """A value as stored in the tables."""
    return None if value is MISSING else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def value_of(text: str | None) -> Json | Missing:
    """The value of a stored text."""
    return MISSING if text is None else json.loads(text)
