"""What the contributions in state.sqlite come to: each field's value and its history. A function of the contributions
and nothing else, so that it does not matter in which order runs were merged, by whom, and how often.
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

# Of the runs that go back to one root only the last counts, as things stood when :run had just ended.
_STANDING = """
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
        """What runs are ordered by: as they ended; those of an older oe, which had no order, before all others."""
        return self.ended_order, self.ended_at, self.run_id


class _Origin(Struct, frozen=True):
    updated_at: str
    node_id: str
    run_id: str


def project(connection: sqlite3.Connection, run_id: str) -> None:
    """Bring values and histories up to date after the contributions of `run_id` were entered."""
    run = _Run(*connection.execute(f"{_RUNS} WHERE run_id = ?", (run_id,)).fetchone())
    later = "SELECT 1 FROM state_runs WHERE (ended_order, ended_at, run_id) > (?, ?, ?) LIMIT 1"
    if connection.execute(later, run.place).fetchone() is None:
        _step(connection, run)
    else:
        project_all(connection)


def project_all(connection: sqlite3.Connection) -> None:
    """Make all values and histories anew."""
    for table in ("state_snapshot", "state_history", "sqlite_sequence"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608
    for run in connection.execute(f"{_RUNS} ORDER BY ended_order, ended_at, run_id").fetchall():
        _step(connection, _Run(*run))


def _step(connection: sqlite3.Connection, run: _Run) -> None:
    """Go on from the values that the runs before `run` make to those that it makes with them."""
    own = _fields_of(connection, run.run_id)
    replaced = _replaced_by(connection, run)
    for field in sorted(own | replaced):
        row = connection.execute("SELECT value FROM state_snapshot WHERE field = ?", (field,)).fetchone()
        old: str | None = row[0] if row else None
        value, origin = (_folded if field in replaced else _added)(connection, run, field, value_of(old))
        new = text_of(value)
        if old == new and field not in own:
            continue
        _enter(connection, field, new, origin)
        connection.execute(
            "INSERT INTO state_history (field, value_old, value_new, node_id, run_id, ts) VALUES (?, ?, ?, ?, ?, ?)",
            (field, old, new or "null", origin.node_id if field in own else "", run.run_id, run.ended_at),
        )


def _fields_of(connection: sqlite3.Connection, run_id: str) -> set[str]:
    rows = connection.execute("SELECT field FROM state_contributions WHERE run_id = ?", (run_id,))
    return {field for (field,) in rows}


def _replaced_by(connection: sqlite3.Connection, run: _Run) -> set[str]:
    """The fields of the run that counted before `run`, of those that go back to the same root."""
    row = connection.execute(
        "SELECT run_id FROM state_runs WHERE root_run_id = ? AND (ended_order, ended_at, run_id) < (?, ?, ?) "
        "ORDER BY ended_order DESC, ended_at DESC, run_id DESC LIMIT 1",
        (run.root_run_id, *run.place),
    ).fetchone()
    return _fields_of(connection, row[0]) if row else set()


def _added(
    connection: sqlite3.Connection, run: _Run, field: str, before: Json | Missing
) -> tuple[Json | Missing, _Origin]:
    """The field's value once what `run` wrote is merged into what was there `before`."""
    value, node_id, merge, carried, start = connection.execute(
        "SELECT value, node_id, merge, carried, start FROM state_contributions WHERE field = ? AND run_id = ?",
        (field, run.run_id),
    ).fetchone()
    return _contribution(value, node_id, merge, carried, start).after(before), _Origin(
        run.ended_at, node_id, run.run_id
    )


def _folded(connection: sqlite3.Connection, run: _Run, field: str, _: Json | Missing) -> tuple[Json | Missing, _Origin]:
    """The field's value made of everything that counted when `run` had ended: merging cannot be undone."""
    value: Json | Missing = MISSING
    origin = _Origin(run.ended_at, "", run.run_id)
    for written, node_id, merge, carried, start, run_id, ended_at in connection.execute(
        _STANDING, {"field": field, **asdict(run)}
    ):
        value = _contribution(written, node_id, merge, carried, start).after(value)
        origin = _Origin(ended_at, node_id, run_id)
    return value, origin


def _enter(connection: sqlite3.Connection, field: str, value: str | None, origin: _Origin) -> None:
    if value is None:
        connection.execute("DELETE FROM state_snapshot WHERE field = ?", (field,))
    else:
        connection.execute(
            "INSERT OR REPLACE INTO state_snapshot VALUES (?, ?, ?, ?, ?)", (field, value, *astuple(origin))
        )


def _contribution(value: str, node_id: str, merge: str, carried: int, start: str | None) -> FieldContribution:
    return FieldContribution(json.loads(value), node_id, Merge(merge), bool(carried), value_of(start))


def text_of(value: Json | Missing) -> str | None:
    """A value as the tables hold it."""
    return None if value is MISSING else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def value_of(text: str | None) -> Json | Missing:
    """A value as it was before the tables held it."""
    return MISSING if text is None else json.loads(text)
