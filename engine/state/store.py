"""state.sqlite: contributions go in, a value and a history for each field come out. One transaction for each change."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from engine.expressions import Json, Missing
from engine.log.storage.safe_open import refuse_links
from engine.state.contribution import Contribution
from engine.state.projection import project, project_all, text_of, value_of
from engine.state.tables import create_tables, has_tables, make_database

FILE_NAME = "state.sqlite"

_BUSY_SECONDS = 10.0
"""How long to wait for another process, which holds the file for milliseconds."""


_FORGOTTEN = (
    "FROM state_contributions WHERE (?1 IS NULL OR field = ?1) "
    "AND run_id IN (SELECT run_id FROM state_runs WHERE ended_order < ?2)"
)


_RESETS = """
SELECT field FROM state_resets
WHERE CASE WHEN reset_order > 0 THEN reset_order > :order ELSE :order = 0 AND ts >= :ts END
"""
"""The fields that were reset after a run ended. An older oe kept the time of a reset alone."""


class StateError(Exception):
    """The state cannot be read or written. The message is for the user."""


class StateDamagedError(StateError):
    """The file is no database, or a broken one."""


class FieldValue(Struct, frozen=True):
    """A field's value, and who gave it: the node and the run that ended at `updated_at`."""

    value: Json
    updated_at: str
    node_id: str
    run_id: str


class Change(Struct, frozen=True):
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
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT field, value, updated_at, updated_by_node, updated_by_run FROM state_snapshot ORDER BY field"
            )
            return {field: FieldValue(json.loads(value), *origin) for field, value, *origin in rows}

    def history(self, field: str | None = None) -> list[Change]:
        """The changes of one field, or of all, the oldest first."""
        if not self.path.exists():
            return []
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT field, value_old, value_new, node_id, run_id, ts FROM state_history "
                "WHERE (:field IS NULL OR field = :field) ORDER BY id",
                {"field": field},
            )
            return [Change(name, value_of(old), json.loads(new), *origin) for name, old, new, *origin in rows]

    def run_ids(self) -> frozenset[str]:
        """The runs that are merged, with or without writes."""
        if not self.path.exists():
            return frozenset()
        with self._reading() as connection:
            return frozenset(run_id for (run_id,) in connection.execute("SELECT run_id FROM state_runs"))

    def merge(self, contribution: Contribution) -> None:
        """Merge a run that has ended; a second time changes nothing."""
        if not contribution.fields and not self.path.exists():
            return
        with self._transaction() as connection:
            known = connection.execute("SELECT 1 FROM state_runs WHERE run_id = ?", (contribution.run_id,)).fetchone()
            if known is None:
                _enter(connection, contribution)
                project(connection, contribution.run_id)

    def reset(self, field: str | None, ts: str, order: int) -> list[str]:
        """Forget what the runs that ended before `order` wrote to one field, or to all; returns the fields that had it.

        `order` is a place in the order of runs (run_order.py), taken at `ts`. What is forgotten does not come
        back: not with `rebuild`, and not with a run that ended before and is merged later. What later runs write
        counts.
        """
        if not self.path.exists():
            return []
        with self._transaction() as connection:
            connection.execute("INSERT INTO state_resets VALUES (?, ?, ?)", (field, ts, order))
            found = connection.execute(f"SELECT DISTINCT field {_FORGOTTEN} ORDER BY 1", (field, order)).fetchall()
            connection.execute(f"DELETE {_FORGOTTEN}", (field, order))
            project_all(connection)
            return [name for (name,) in found]

    def rebuild(self, contributions: Iterable[Contribution]) -> None:
        """Enter these runs anew, and make all values and histories from them and from the runs that are not among them.

        Those are the ones whose logs are gone. What was reset stays forgotten.
        """
        with self._transaction() as connection:
            for contribution in contributions:
                for table in ("state_contributions", "state_runs"):
                    connection.execute(f"DELETE FROM {table} WHERE run_id = ?", (contribution.run_id,))  # noqa: S608
                _enter(connection, contribution)
            project_all(connection)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as connection:
            connection.execute("PRAGMA synchronous = NORMAL")  # it can be rebuilt from the logs
            connection.execute("BEGIN IMMEDIATE")
            create_tables(connection)
            yield connection
            connection.execute("COMMIT")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """What there is at one moment; waits for no writer, and none waits for it."""
        with self._connection() as connection:
            if not has_tables(connection):
                connection.execute("BEGIN IMMEDIATE")
                create_tables(connection)
                connection.execute("COMMIT")
            connection.execute("BEGIN")
            yield connection

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            refuse_links(self.path)
            if not self.path.exists():
                make_database(self.path)
            connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
            with contextlib.closing(connection):
                yield connection
        except OSError as error:
            raise StateError(f"{self.path} cannot be used: {error.strerror}") from error
        except sqlite3.OperationalError as error:
            raise StateError(f"{self.path} cannot be used: {error}") from error
        except (sqlite3.DatabaseError, ValueError) as error:
            raise StateDamagedError(
                f"{self.path} is damaged ({error}): make it anew from the logs with `oe state rebuild`"
            ) from error


def _enter(connection: sqlite3.Connection, run: Contribution) -> None:
    forgotten = {field for (field,) in connection.execute(_RESETS, {"order": run.ended_order, "ts": run.ended_at})}
    connection.execute(
        "INSERT INTO state_runs (run_id, root_run_id, ended_at, ended_order) VALUES (?, ?, ?, ?)",
        (run.run_id, run.root_run_id, run.ended_at, run.ended_order),
    )
    connection.executemany(
        "INSERT INTO state_contributions VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (name, run.run_id, text_of(of.value), of.node_id, of.merge.value, of.carried, text_of(of.start))
            for name, of in run.fields.items()
            if forgotten.isdisjoint((name, None))
        ],
    )
