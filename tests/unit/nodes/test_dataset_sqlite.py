"""Datasets from SQLite: rows of a read-only query, which are part of the input hash."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.expressions import Json
from engine.nodes.dataset import DatasetKind
from engine.nodes.kind import NodeError
from tests.unit.nodes.conftest import RecordingWatcher
from tests.unit.nodes.test_dataset_files import dataset, work

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"


class Bench:
    """A shop's database, and queries on it."""

    def __init__(self, folder: Path) -> None:
        self.kind = DatasetKind(folder)
        self.path = folder / "shop #1?.db"
        self.change("CREATE TABLE orders (id INTEGER, total REAL, note TEXT, raw BLOB)")
        self.change("INSERT INTO orders VALUES (1, 9.5, 'first', x'00ff'), (2, NULL, 'second', NULL)")

    def change(self, statement: str, *values: Any) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(statement, values)

    def source(self, query: str) -> dict[str, Any]:
        return {"type": "sqlite", "uri": self.path.name, "query": query}

    async def rows(self, query: str) -> Json:
        done = await self.kind.execute(work(self.source(query)), RecordingWatcher())
        return done.output.state_delta["rows"]

    def hash(self, query: str) -> Json:
        source = self.source(query)
        return self.kind.settings(dataset(source), source)["rows"]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_rows_are_objects_in_the_order_of_the_query(bench: Bench) -> None:
    assert await bench.rows("SELECT * FROM orders ORDER BY id DESC") == [
        {"id": 2, "total": None, "note": "second", "raw": None},
        {"id": 1, "total": 9.5, "note": "first", "raw": "AP8="},
    ]


MISTAKES = [
    ("SELECT * FROM order", 'near "order": syntax error; correct `source.query`'),
    ("SELECT * FROM ordrs", "no such table: ordrs; correct `source.query`"),
    ("DELETE FROM orders", "attempt to write a readonly database; correct `source.query`"),
    ("SELECT 1; SELECT 2", "one statement at a time; correct `source.query`"),
    ("BEGIN", "the query returns no rows; write a SELECT"),
    ("SELECT a.id, b.id FROM orders a JOIN orders b", "the query returns two columns named 'id'; rename one of them"),
    ("SELECT 9007199254740993 AS big", "row 1, big: the number 9007199254740993 is too large for JSON to hold exactly"),
    ("SELECT 9e999 AS x", "row 1, x: infinity cannot be represented in JSON. In SQL: CAST(x AS TEXT)"),
    ("SELECT CAST(x'ff' AS TEXT) AS x", "Could not decode to UTF-8"),
    (
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 200) SELECT x, hex(zeroblob(5e4)) FROM n",
        "the rows exceed 10 MB; select fewer columns",
    ),
]


@pytest.mark.parametrize(("query", "said"), MISTAKES)
async def test_a_query_that_cannot_be_used_says_why(bench: Bench, query: str, said: str) -> None:
    with pytest.raises(NodeError) as raised:
        await bench.rows(query)

    assert raised.value.info.message.startswith("shop #1?.db: ")
    assert said in raised.value.info.message


async def test_a_file_that_is_no_database_is_an_error(bench: Bench) -> None:
    bench.path.write_text("these are not the rows you are looking for" * 100)

    with pytest.raises(NodeError, match="file is not a database"):
        await bench.rows("SELECT 1 FROM orders")


async def test_a_missing_database_is_named_and_not_created(bench: Bench) -> None:
    bench.path.unlink()

    with pytest.raises(NodeError, match=r"does not exist; create it or correct `source\.uri`"):
        await bench.rows("SELECT 1")

    assert not bench.path.exists()


@pytest.mark.parametrize("statement", ["ATTACH '{other}' AS other", "VACUUM INTO '{other}'"])
async def test_no_statement_creates_another_file(bench: Bench, tmp_path: Path, statement: str) -> None:
    with pytest.raises(NodeError, match="authoriz"):
        await bench.rows(statement.format(other=tmp_path / "other.db"))

    assert not (tmp_path / "other.db").exists()


async def test_a_database_that_someone_writes_to_meanwhile_can_be_read(bench: Bench) -> None:
    bench.change("PRAGMA journal_mode = WAL")
    with closing(sqlite3.connect(bench.path)) as writer:
        writer.execute("INSERT INTO orders (id) VALUES (3)")

        assert await bench.rows("SELECT count(*) AS orders FROM orders") == [{"orders": 2}]


async def test_a_query_that_never_ends_is_stopped_with_its_node(bench: Bench) -> None:
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(bench.rows(ENDLESS), 0.1)


def test_the_rows_are_hashed_and_nothing_else_of_the_database(bench: Bench) -> None:
    query = "SELECT id FROM orders WHERE id < 3"
    before = bench.hash(query)

    bench.change("INSERT INTO orders (id) VALUES (7)")
    unchanged = bench.hash(query)
    bench.change("DELETE FROM orders WHERE id = 1")

    assert before == unchanged
    assert bench.hash(query) != before
    assert bench.kind.files(dataset(bench.source(query)), bench.source(query)) == {}


def test_a_database_that_is_gone_changes_the_hash(bench: Bench) -> None:
    before = bench.hash("SELECT 1")

    bench.path.unlink()

    assert bench.hash("SELECT 1") != before


def test_a_query_that_needs_a_value_not_known_yet_has_no_hash_yet(bench: Bench) -> None:
    source = {"type": "sqlite", "uri": "a.db", "query": "$args.query"}

    assert bench.kind.settings(dataset(source), {}) == {}
