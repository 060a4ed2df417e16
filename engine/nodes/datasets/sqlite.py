"""Reads the rows of a query on an SQLite file, opened read-only (docs/format.md, Datasets)."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

from engine.expressions import Json
from engine.nodes.datasets.values import NoRowError, to_json
from engine.nodes.kind import NodeError
from engine.nodes.node_files import NamedFile

MOST_BYTES = 10 * 1024 * 1024
"""Bytes of JSON that the rows may have: a resume hashes all of them."""

_INSTRUCTIONS_BETWEEN_LOOKS = 10_000

_T = TypeVar("_T")


class Rows(Struct, frozen=True):
    """The rows of a query and their hash."""

    rows: list[Json]
    digest: str


async def read_rows(file: NamedFile, query: str) -> Rows:
    """The rows of `query`. Raises NodeError. On cancellation, stops the query before it returns."""
    return await _aside(lambda stopped: _hashed(query_rows(file, query, stopped)))


async def find_hash(file: NamedFile, query: str) -> str:
    """As `rows_hash`, in a thread. On cancellation, stops the query before it returns."""
    return await _aside(lambda stopped: rows_hash(file, query, stopped))


def rows_hash(file: NamedFile, query: str, stopped: threading.Event | None = None) -> str:
    """The hash of the rows that `query` returns now, or of the error message if it fails."""
    try:
        return _hashed(query_rows(file, query, stopped or threading.Event())).digest
    except NodeError as error:
        return _digest(str(error))


def _hashed(rows: list[Json]) -> Rows:
    return Rows(rows, _digest(rows))


def _digest(value: Json) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


async def _aside(read: Callable[[threading.Event], _T]) -> _T:
    stopped = threading.Event()
    reading = asyncio.ensure_future(asyncio.to_thread(read, stopped))
    try:
        return await asyncio.shield(reading)
    except asyncio.CancelledError:
        stopped.set()
        await asyncio.gather(reading, return_exceptions=True)
        raise


def query_rows(file: NamedFile, query: str, stopped: threading.Event) -> list[Json]:
    """The rows of `query`, as mappings from column to value, until `stopped` is set. Raises NodeError."""
    if not file.path.is_file():
        raise NodeError("DatasetMissing", f"{file.shown} does not exist; create it or correct `source.uri`")
    try:
        with closing(_open(file.path)) as connection:
            connection.set_authorizer(_authorize)
            connection.set_progress_handler(stopped.is_set, _INSTRUCTIONS_BETWEEN_LOOKS)
            return _rows(connection.execute(query))
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise NodeError("DatasetRows", f"{file.shown}: {str(error).rstrip('.')}; correct `source.query`") from error
    except NoRowError as error:
        raise NodeError("DatasetRows", f"{file.shown}: {error}") from None


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _authorize(action: int, *_: str | None) -> int:
    """Refuses other files (ATTACH, VACUUM INTO): SQLite creates them even if the database is read-only."""
    return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_ATTACH else sqlite3.SQLITE_OK


def _rows(cursor: sqlite3.Cursor) -> list[Json]:
    if cursor.description is None:
        raise NoRowError("the query returns no rows; write a SELECT")
    columns = [str(column[0]) for column in cursor.description]
    for name in columns:
        if columns.count(name) > 1:
            raise NoRowError(f"the query returns two columns named '{name}'; rename one of them with AS")
    rows: list[Json] = []
    size = 0
    for number, values in enumerate(cursor, start=1):
        row = _row(number, columns, values)
        size += len(json.dumps(row))
        if size > MOST_BYTES:
            raise NoRowError("the rows exceed 10 MB; select fewer columns or, with WHERE, fewer rows")
        rows.append(row)
    return rows


def _row(number: int, columns: Sequence[str], values: Sequence[Any]) -> dict[str, Json]:
    row: dict[str, Json] = {}
    for name, value in zip(columns, values, strict=True):
        try:
            row[name] = to_json(value)
        except NoRowError as error:
            raise NoRowError(f"row {number}, {name}: {error}. In SQL: CAST({name} AS TEXT)") from None
    return row
