"""state.sqlite: contributions go in, a value and a history for each field come out. One transaction for each change."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.expressions import MISSING, Json, Missing
from engine.spec.model import Merge
from engine.state.contribution import Contribution, FieldContribution
from engine.state.tables import create_tables

FILE_NAME = "state.sqlite"

_BUSY_SECONDS = 10.0
"""How long to wait for another process, which holds the file for milliseconds."""


class StateError(Exception):
    """The state cannot be read or written. The message is for the user."""


class StateDamagedError(StateError):
    """The file is no database, or a broken one."""


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A field's value, and who gave it: the node and the run that ended at `updated_at`."""

    value: Json
    updated_at: str
    node_id: str
    run_id: str


@dataclass(frozen=True, slots=True)
class Change:
    """One run's change of a field. `old` is missing where there was no value before."""

    field: str
    old: Json | Missing
    new: Json
    node_id: str
    run_id: str
    ts: str


class StateStore:
    """The state in the folder `data`. Every method opens the file anew; all raise StateError."""

    def __init__(self, data: Path) -> None:
        self.path = data / FILE_NAME

    def values(self) -> dict[str, FieldValue]:
        """The fields that have a value, by name; none where nothing was ever written."""
        if not self.path.exists():
            return {}
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT field, value, updated_at, updated_by_node, updated_by_run FROM state_snapshot ORDER BY field"
            )
            return {field: FieldValue(json.loads(value), *origin) for field, value, *origin in rows}

    def history(self, field: str | None = None) -> list[Change]:
        """The changes of one field, or of all, the oldest first."""
        if not self.path.exists():
            return []
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT field, value_old, value_new, node_id, run_id, ts FROM state_history "
                "WHERE (:field IS NULL OR field = :field) ORDER BY id",
                {"field": field},
            )
            return [Change(name, _value(old), json.loads(new), *origin) for name, old, new, *origin in rows]

    def merge(self, contribution: Contribution) -> None:
        """Merge a run that has ended; a second time changes nothing."""
        if not contribution.fields and not self.path.exists():
            return
        with self._transaction() as connection:
            _merge(connection, contribution)

    def reset(self, field: str | None, ts: str) -> list[str]:
        """Forget the value and the history of one field, or of all; returns the fields that had any.

        What later runs write counts, and what runs wrote before `ts` does not come back with `rebuild`.
        """
        if not self.path.exists():
            return []
        with self._transaction() as connection:
            found = connection.execute(
                "SELECT DISTINCT field FROM state_contributions WHERE (:field IS NULL OR field = :field) ORDER BY 1",
                {"field": field},
            ).fetchall()
            for table in ("state_snapshot", "state_history", "state_contributions"):
                connection.execute(f"DELETE FROM {table} WHERE (:field IS NULL OR field = :field)", {"field": field})  # noqa: S608
            connection.execute("INSERT INTO state_resets VALUES (?, ?)", (field, ts))
            return [name for (name,) in found]

    def rebuild(self, contributions: Iterable[Contribution]) -> None:
        """Forget everything but what was reset, and merge these runs in the order in which they ended."""
        with self._transaction() as connection:
            resets = connection.execute("SELECT field, ts FROM state_resets").fetchall()
            for table in ("state_snapshot", "state_history", "state_contributions", "state_runs", "sqlite_sequence"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608
            for contribution in sorted(contributions, key=lambda run: (run.ended_at, run.run_id)):
                _merge(connection, _without_reset(contribution, resets))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")  # it can be rebuilt from the logs
                connection.execute("BEGIN IMMEDIATE")
                create_tables(connection)
                yield connection
                connection.execute("COMMIT")
            finally:
                connection.close()
        except sqlite3.OperationalError as error:
            raise StateError(f"{self.path} cannot be used: {error}") from error
        except (sqlite3.DatabaseError, ValueError) as error:
            raise StateDamagedError(
                f"{self.path} is damaged ({error}): make it anew from the logs with `oe state rebuild`"
            ) from error


def _merge(connection: sqlite3.Connection, run: Contribution) -> None:
    if connection.execute("SELECT 1 FROM state_runs WHERE run_id = ?", (run.run_id,)).fetchone():
        return
    of_forebears = "FROM state_contributions WHERE run_id IN (SELECT run_id FROM state_runs WHERE root_run_id = ?)"
    replaced = connection.execute(f"SELECT field {of_forebears}", (run.root_run_id,)).fetchall()
    connection.execute(f"DELETE {of_forebears}", (run.root_run_id,))
    connection.execute("INSERT INTO state_runs VALUES (?, ?, ?)", (run.run_id, run.root_run_id, run.ended_at))
    connection.executemany(
        "INSERT INTO state_contributions VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (name, run.run_id, _text(of.value), of.node_id, of.merge.value, of.carried, _text(of.start))
            for name, of in run.fields.items()
        ],
    )
    for field in sorted({name for (name,) in replaced} | run.fields.keys()):
        _update(connection, field, run)


def _update(connection: sqlite3.Connection, field: str, run: Contribution) -> None:
    """Give `field` the value that all contributions make, merged in the order in which their runs ended."""
    rows = connection.execute(
        "SELECT value, node_id, merge, carried, start, run_id, ended_at "
        "FROM state_contributions JOIN state_runs USING (run_id) WHERE field = ? ORDER BY ended_at, run_id",
        (field,),
    )
    value: Json | Missing = MISSING
    origin: tuple[str, str, str] = (run.ended_at, "", run.run_id)
    for written, node_id, merge, carried, start, run_id, ended_at in rows:
        of_run = FieldContribution(json.loads(written), node_id, Merge(merge), bool(carried), _value(start))
        value = of_run.after(value)
        origin = (ended_at, node_id, run_id)
    before = connection.execute("SELECT value FROM state_snapshot WHERE field = ?", (field,)).fetchone()
    old, new = before[0] if before else None, _text(value)
    if old == new and field not in run.fields:
        return
    if new is None:
        connection.execute("DELETE FROM state_snapshot WHERE field = ?", (field,))
    else:
        connection.execute("INSERT OR REPLACE INTO state_snapshot VALUES (?, ?, ?, ?, ?)", (field, new, *origin))
    node_id = run.fields[field].node_id if field in run.fields else ""
    connection.execute(
        "INSERT INTO state_history (field, value_old, value_new, node_id, run_id, ts) VALUES (?, ?, ?, ?, ?, ?)",
        (field, old, new or "null", node_id, run.run_id, run.ended_at),
    )


def _without_reset(run: Contribution, resets: list[tuple[str | None, str]]) -> Contribution:
    def counts(name: str) -> bool:
        return not any(field in (None, name) and run.ended_at <= ts for field, ts in resets)

    kept = {name: of for name, of in run.fields.items() if counts(name)}
    return Contribution(run.run_id, run.root_run_id, run.ended_at, kept)


def _text(value: Json | Missing) -> str | None:
    return None if value is MISSING else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _value(text: str | None) -> Json | Missing:
    return MISSING if text is None else json.loads(text)
