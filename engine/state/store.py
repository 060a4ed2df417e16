"""Stores the contributions of runs in state.sqlite; returns the value and history of each field."""

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
"""How long to wait for other processes, which lock the file for milliseconds."""


_RESET_CONTRIBUTIONS = (
    "FROM state_contributions WHERE (?1 IS NULL OR field = ?1) "
    "AND run_id IN (SELECT run_id FROM state_runs WHERE ended_order < ?2)"
)


_RESETS = """
SELECT field FROM state_resets
WHERE CASE WHEN reset_order > 0 THEN reset_order > :order ELSE :order = 0 AND ts >= :ts END
"""
"""The fields that were reset after a run ended. Older versions of oe stored only the time of a reset."""


class StateError(Exception):
    """The state cannot be read or written. The message is for users."""


class StateDamagedError(StateError):
    """The file is not a database, or is damaged."""


class FieldValue(Struct, frozen=True):
    """The value of a field, and the node and run that wrote it; the run ended at `updated_at`."""

    value: Json
    updated_at: str
    node_id: str
    run_id: str


class Change(Struct, frozen=True):
    """A change of a field by a run. `old` is MISSING if there was no value before."""

    field: str
    old: Json | Missing
    new: Json
    node_id: str
    run_id: str
    ts: str


class StateStore:
    """The state in the folder `data`. Every method opens and closes the file, and may raise StateError."""

    def __init__(self, data: Path) -> None:
        self.path = data / FILE_NAME

    def values(self) -> dict[str, FieldValue]:
        """The fields with a value, by name."""
        if not self.path.exists():
            return {}
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT field, value, updated_at, updated_by_node, updated_by_run FROM state_snapshot ORDER BY field"
            )
            return {field: FieldValue(json.loads(value), *origin) for field, value, *origin in rows}

    def history(self, field: str | None = None) -> list[Change]:
        """The changes of one field, or of all, oldest first."""
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
        """The ids of merged runs, with or without writes."""
        if not self.path.exists():
            return frozenset()
        with self._reading() as connection:
            return frozenset(run_id for (run_id,) in connection.execute("SELECT run_id FROM state_runs"))

    def merge(self, contribution: Contribution) -> None:
        """Merge a run that has ended; merging it again changes nothing."""
        if not contribution.fields and not self.path.exists():
            return
        with self._transaction() as connection:
            known = connection.execute("SELECT 1 FROM state_runs WHERE run_id = ?", (contribution.run_id,)).fetchone()
            if known is None:
                _insert(connection, contribution)
                project(connection, contribution.run_id)

    def reset(self, field: str | None, ts: str, order: int) -> list[str]:
        """Delete what runs that ended before `order` wrote to one field, or to all; return the fields that had values.

        `order` is a place in the order of runs (run_order.py), taken at `ts`. Neither `rebuild` nor a run that ended
        before and is merged later brings deleted values back. Later runs count.
        """
        if not self.path.exists():
            return []
        with self._transaction() as connection:
            connection.execute("INSERT INTO state_resets VALUES (?, ?, ?)", (field, ts, order))
            found = connection.execute(
                f"SELECT DISTINCT field {_RESET_CONTRIBUTIONS} ORDER BY 1", (field, order)
            ).fetchall()
            connection.execute(f"DELETE {_RESET_CONTRIBUTIONS}", (field, order))
            project_all(connection)
            return [name for (name,) in found]

    def rebuild(self, contributions: Iterable[Contribution]) -> None:
        """Replace the contributions of these runs, and recompute all values and histories.

        Other runs, whose logs are gone, keep their contributions. Fields that were reset stay reset.
        """
        with self._transaction() as connection:
            for contribution in contributions:
                for table in ("state_contributions", "state_runs"):
                    connection.execute(f"DELETE FROM {table} WHERE run_id = ?", (contribution.run_id,))  # noqa: S608
                _insert(connection, contribution)
            project_all(connection)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as connection:
            connection.execute("PRAGMA synchronous = NORMAL")  # the file can be rebuilt from the logs
            connection.execute("BEGIN IMMEDIATE")
            create_tables(connection)
            yield connection
            connection.execute("COMMIT")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A consistent view, which neither waits for writers nor makes them wait."""
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
                f"{self.path} is damaged ({error}); rebuild it from the logs with `oe state rebuild`"
            ) from error


def _insert(connection: sqlite3.Connection, run: Contribution) -> None:
    reset = {field for (field,) in connection.execute(_RESETS, {"order": run.ended_order, "ts": run.ended_at})}
    connection.execute(
        "INSERT INTO state_runs (run_id, root_run_id, ended_at, ended_order) VALUES (?, ?, ?, ?)",
        (run.run_id, run.root_run_id, run.ended_at, run.ended_order),
    )
    connection.executemany(
        "INSERT INTO state_contributions VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (name, run.run_id, text_of(of.value), of.node_id, of.merge.value, of.carried, text_of(of.start))
            for name, of in run.fields.items()
            if reset.isdisjoint((name, None))
        ],
    )
