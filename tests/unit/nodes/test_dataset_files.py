"""Datasets from files: the rows of each format, and the errors of wrong files."""

from __future__ import annotations

import datetime
import decimal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.experience.model import DatasetSpec, Kind, Node
from engine.expressions import Json
from engine.log.events.events import Location
from engine.nodes.dataset import DatasetKind
from engine.nodes.kind import NodeError, Work
from tests.unit.nodes.conftest import RecordingWatcher


def dataset(source: dict[str, Any], writes: tuple[str, ...] = ("rows",)) -> Node:
    return Node("load", Kind.DATASET, DatasetSpec(source), source={"source": source}, writes=writes)


def work(source: dict[str, Any], given: dict[str, Any] | None = None, writes: tuple[str, ...] = ("rows",)) -> Work:
    return Work(dataset(source, writes), "attempt", {}, {}, {}, {}, given=source if given is None else given)


class Bench:
    """Files in a folder, and datasets of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kind = DatasetKind(folder)
        self.watcher = RecordingWatcher()

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    async def rows(self, uri: str, **source: Json) -> Json:
        done = await self.kind.execute(work({"type": "file", "uri": uri, **source}), self.watcher)
        return done.output.state_delta["rows"]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


ROWS: list[tuple[str, str | bytes, Json]] = [
    ("a.json", '[{"a": 1}, [2], "three", null]', [{"a": 1}, [2], "three", None]),
    ("a.json", "\ufeff[]", []),
    ("a.jsonl", '{"a": 1}\n\n   \n{"a": 2.5}\r\n"three"', [{"a": 1}, {"a": 2.5}, "three"]),
    ("a.jsonl", '{"a": "one\u2028line"}\n', [{"a": "one\u2028line"}]),
    ("A.NDJSON", '{"a": 1}', [{"a": 1}]),
    ("a.csv", "name,age\nAda,36\nAlan,\n", [{"name": "Ada", "age": "36"}, {"name": "Alan", "age": ""}]),
    ("a.csv", "\ufeffname\r\n\r\nAda \r\n", [{"name": "Ada "}]),
    ("a.csv", 'a,b\n"1, ""one""\nand",2\n', [{"a": '1, "one"\nand', "b": "2"}]),
    ("a.csv", "a,b\n", []),
    ("a.csv", "", []),
    ("a.csv", "a\n" + "x" * 200_000, [{"a": "x" * 200_000}]),
    ("a.tsv", "a\tb\n1,5\t2\n", [{"a": "1,5", "b": "2"}]),
]


@pytest.mark.parametrize(("name", "content", "rows"), ROWS)
async def test_each_format_gives_its_rows(bench: Bench, name: str, content: str, rows: Json) -> None:
    bench.write(name, content)

    assert await bench.rows(name) == rows
    assert bench.watcher.activities == [f"reading {name}"]
    assert bench.watcher.warnings == []


async def test_an_explicit_format_beats_the_file_ending(bench: Bench) -> None:
    bench.write("rows.txt", "a;b\n")

    assert await bench.rows("rows.txt", format="tsv") == []


async def test_parquet_gives_its_rows_as_json(bench: Bench) -> None:
    table = pa.table(
        {
            "id": [1, 2],
            "price": [decimal.Decimal("1.50"), None],
            "day": [datetime.date(2026, 1, 2), None],
            "at": [datetime.datetime(2026, 1, 2, 3, 4, 5), None],
            "took": [datetime.timedelta(seconds=1.5), None],
            "ratio": [0.5, float("nan")],
            "raw": [b"\x00\xff", None],
            "tags": [["a", "b"], []],
            "place": [{"x": 1}, None],
        }
    )
    pq.write_table(table, bench.folder / "rows.parquet")

    assert await bench.rows("rows.parquet") == [
        {
            "id": 1,
            "price": "1.50",
            "day": "2026-01-02",
            "at": "2026-01-02T03:04:05",
            "took": 1.5,
            "ratio": 0.5,
            "raw": "AP8=",
            "tags": ["a", "b"],
            "place": {"x": 1},
        },
        {name: 2 if name == "id" else [] if name == "tags" else None for name in table.column_names},
    ]


MISTAKES: list[tuple[str, str | bytes, str]] = [
    (
        "a.json",
        '{"a": 1}',
        "a.json: a JSON file of rows must hold one list, not an object; put [ and ] around it, or set",
    ),
    ("a.json", "[1,\n 2,]", "a.json, line 2: not JSON at column"),
    ("a.json", "[NaN]", "a.json: NaN is not JSON; write null"),
    ("a.json", "[9007199254740993]", "a.json: the number 9007199254740993 is too large for JSON to hold exactly"),
    ("a.json", "[" + "9" * 5000 + "]", "is too large for JSON to hold exactly; make it a string"),
    ("a.json", "[1e999]", "a.json: the number 1e999 is too large for JSON"),
    ("a.json", "[" * 100_000, "a.json: nested too deeply"),
    ("a.json", b"[\xff]", "a.json is not UTF-8 text; convert it to UTF-8"),
    ("a.jsonl", '{"a": 1}\n\n{"a": }\n', "a.jsonl, line 3: not JSON at column 7"),
    ("a.jsonl", "1\n9007199254740993\n", "a.jsonl, line 2: the number 9007199254740993 is too large"),
    ("a.jsonl", b"1\n\xff\n", "a.jsonl is not UTF-8 text"),
    ("a.csv", "a,b\n1,2\n3\n", "a.csv, line 3: 1 value, but the header names 2: `a`, `b`"),
    ("a.csv", 'a,b\n"x\ny",2\n3,4,5\n', "a.csv, line 4: 3 values, but the header names 2: `a`, `b`"),
    ("a.csv", "a,b,a\n", "a.csv, line 1: two columns are named 'a'; rename one of them"),
    ("a.csv", 'a\n"x"y\n', "a.csv, line 2: "),
    ("a.csv", 'a\n1\n"never\nclosed\n', "a.csv, line 3: "),
    ("a.csv", b"a\n\xff\n", "a.csv is not UTF-8 text"),
    ("a.parquet", "no parquet", "a.parquet: not readable as Parquet: "),
    ("a.xlsx", "", "the ending .xlsx of a.xlsx does not tell its format; add `source.format`: `json`"),
    ("rows", "", "the name of rows does not tell its format; add `source.format`"),
]


@pytest.mark.parametrize(("name", "content", "said"), MISTAKES)
async def test_a_file_with_wrong_content_fails_the_node_with_the_place(
    bench: Bench, name: str, content: str | bytes, said: str
) -> None:
    bench.write(name, content)

    with pytest.raises(NodeError) as raised:
        await bench.rows(name)

    assert said in raised.value.info.message


async def test_without_pyarrow_parquet_says_how_to_install_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    bench.write("a.parquet", "")

    with pytest.raises(NodeError, match=r"needs pyarrow; install it with `pip install pyarrow`"):
        await bench.rows("a.parquet")


async def test_the_error_points_to_the_line(bench: Bench) -> None:
    bench.write("data/a.csv", "a,b\n1\n")

    with pytest.raises(NodeError) as raised:
        await bench.rows("./data/a.csv")

    assert raised.value.info.location == Location("data/a.csv", 2)
    assert raised.value.info.type == "DatasetRows"


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("none.csv", "none.csv does not exist; create it or correct `source.uri`"),
        ("folder.csv", "folder.csv is a folder; name a file in it"),
    ],
)
async def test_a_file_that_is_not_there_is_named(bench: Bench, uri: str, said: str) -> None:
    (bench.folder / "folder.csv").mkdir()

    with pytest.raises(NodeError) as raised:
        await bench.rows(uri)

    assert raised.value.info.message == said
    assert raised.value.info.type == "DatasetMissing"


async def test_a_file_outside_is_read_with_a_warning(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "a.json"
    outside.write_text("[1]")

    assert await bench.rows(str(outside)) == [1]
    assert bench.watcher.warnings == [f"{outside} lies outside the experience's folder"]


def test_a_file_of_rows_is_a_file_of_its_dataset(bench: Bench) -> None:
    node = dataset({"type": "file", "uri": "$item", "format": "csv"})

    assert bench.kind.files(node, {"type": "file", "uri": "./data/a.csv", "format": "csv"}) == {
        "source data/a.csv": bench.folder / "data/a.csv"
    }
    assert bench.kind.files(node, {}) == {}
    assert bench.kind.settings(node, {}) == {}


def test_where_the_source_needs_no_reference_its_file_is_known_at_once(bench: Bench) -> None:
    node = dataset({"type": "file", "uri": "data/a.csv"})

    assert bench.kind.files(node, {}) == {"source data/a.csv": bench.folder / "data/a.csv"}


SOURCES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"type": "file"}, {"type": "file"}, "`source.uri` is missing; it must be a string"),
    ({"type": "file", "uri": "$args.file"}, {"type": "file"}, "`source.uri` is missing: $args.file has no value"),
    (
        {"type": "file", "uri": "$args.file"},
        {"type": "file", "uri": 3},
        "`source.uri` must be a string, not the number 3, which $args.file refers to",
    ),
    ({"type": "file", "uri": ""}, {"type": "file", "uri": ""}, "`source.uri` must be a string, not an empty text"),
    (
        {"type": "file", "uri": "a", "format": "$args.format"},
        {"type": "file", "uri": "a", "format": "xls"},
        "`source.format` must be one of `json`, `jsonl`, `csv`, `tsv`, `parquet`, not the text 'xls', which $args.",
    ),
    (
        {"type": "$args.type"},
        {"type": "files"},
        "`source.type` must be one of `file`, `sqlite`, `http`, `mcp-resource`, not the text 'files'; did you mean `f",
    ),
    ({"type": "sqlite", "uri": "a.db"}, {"type": "sqlite", "uri": "a.db"}, "`source.query` is missing"),
    (
        {"type": "http", "url": "http://a", "method": "$args.m"},
        {"type": "http", "url": "http://a", "method": "PUT"},
        "`source.method` must be one of `GET`, `POST`, not the text 'PUT'",
    ),
    (
        {"type": "http", "url": "http://a", "headers": "$args.h"},
        {"type": "http", "url": "http://a", "headers": ["a"]},
        "`source.headers` must be an object of strings, not a list",
    ),
    (
        {"type": "http", "url": "http://a", "headers": {"X-Limit": "$args.limit"}},
        {"type": "http", "url": "http://a", "headers": {"X-Limit": 5}},
        "`source.headers.X-Limit` must be a string, not the number 5; put it in quotes",
    ),
    ({"type": "mcp-resource", "uri": "a:b"}, {"type": "mcp-resource", "uri": "a:b"}, "`source.server` is missing"),
]


@pytest.mark.parametrize(("written", "given", "said"), SOURCES)
async def test_a_source_with_a_missing_or_wrong_key_fails_with_the_key(
    bench: Bench, written: dict[str, Any], given: dict[str, Any], said: str
) -> None:
    with pytest.raises(NodeError) as raised:
        await bench.kind.execute(work(written, given), bench.watcher)

    assert said in raised.value.info.message
    assert raised.value.info.type == "DatasetSource"


@pytest.mark.parametrize(("writes", "named"), [((), "none"), (("a", "b"), "a, b")])
async def test_a_dataset_writes_one_field(bench: Bench, writes: tuple[str, ...], named: str) -> None:
    bench.write("a.json", "[]")

    with pytest.raises(NodeError, match=f"to one field, but `writes` names {named}"):
        await bench.kind.execute(work({"type": "file", "uri": "a.json"}, writes=writes), bench.watcher)


def test_heavy_libraries_are_imported_only_when_needed() -> None:
    heavy = {"httpx2", "mcp", "pyarrow"}
    program = f"import sys, engine.nodes.registry; print({heavy} & sys.modules.keys())"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
