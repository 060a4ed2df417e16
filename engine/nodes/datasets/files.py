"""Reads rows from JSON, JSON lines, CSV, TSV and Parquet files. Errors name the line (docs/format.md, Datasets)."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from engine.experience.json_schema.messages import listed, shown
from engine.expressions import Json
from engine.log.events.events import Location
from engine.nodes.datasets.source import Format
from engine.nodes.datasets.values import NoRowError, parse_json, to_json
from engine.nodes.kind import NodeError
from engine.nodes.node_files import NamedFile
from engine.regular_files import open_noted

NO_PYARROW = "reading Parquet needs pyarrow; install it with `pip install pyarrow`"


def read_rows(file: NamedFile, format_: Format) -> list[Json]:
    """The rows of `file`. Raises NodeError if it is missing or does not have its format."""
    if not file.path.is_file():
        is_folder = file.path.is_dir()
        problem = "is a folder; name a file in it" if is_folder else "does not exist; create it or correct `source.uri`"
        raise NodeError("DatasetMissing", f"{file.shown} {problem}")
    try:
        return _READERS[format_](file.path)
    except OSError as error:
        raise NodeError("DatasetMissing", f"{file.shown} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError:
        raise NodeError("DatasetRows", f"{file.shown} is not UTF-8 text; convert it to UTF-8") from None
    except NoRowError as error:
        place = file.shown if error.line is None else f"{file.shown}, line {error.line}"
        raise NodeError("DatasetRows", f"{place}: {error}", Location(file.shown, error.line)) from None


def _json(path: Path) -> list[Json]:
    with open_noted(path) as file:
        rows = parse_json(file.read().decode("utf-8-sig"))
    if isinstance(rows, list):
        return rows
    hint = "put [ and ] around it, or set `source.format: jsonl`"
    raise NoRowError(f"a JSON file of rows must hold one list, not {shown(rows)}; {hint}")


def _jsonl(path: Path) -> list[Json]:
    rows: list[Json] = []
    # Only a newline ends a row: Unicode's other line breaks may be part of a text.
    with open_noted(path) as file:
        lines = TextIOWrapper(file, encoding="utf-8-sig", newline="\n")
        for number, line in enumerate(lines, start=1):
            if line.strip():
                try:
                    rows.append(parse_json(line.strip()))
                except NoRowError as error:
                    raise NoRowError(str(error), number) from None
    return rows


def _csv(path: Path) -> list[Json]:
    return _separated(path, ",")


def _tsv(path: Path) -> list[Json]:
    return _separated(path, "\t")


def _separated(path: Path, separator: str) -> list[Json]:
    csv.field_size_limit(sys.maxsize)  # no limit on the length of a value
    with open_noted(path) as file:
        lines = TextIOWrapper(file, encoding="utf-8-sig", newline="")
        records = _records(csv.reader(lines, delimiter=separator, strict=True))
        number, header = next(records, (1, []))
        _require_distinct(number, header)
        return [_row(number, header, record) for number, record in records]


def _records(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Each record with the number of its first line; empty lines are skipped."""
    while True:
        begins = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise NoRowError(f"{error}; write a quote inside a quoted value twice", begins) from None
        if record:
            yield begins, record


def _row(number: int, header: list[str], record: list[str]) -> dict[str, Json]:
    if len(record) != len(header):
        names = listed(header)
        raise NoRowError(f"{_values(len(record))}, but the header names {len(header)}: {names}", number)
    return dict(zip(header, record, strict=True))


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count} values"


def _require_distinct(number: int | None, header: list[str]) -> None:
    for name in header:
        if header.count(name) > 1:
            raise NoRowError(f"two columns are named '{name}'; rename one of them", number)


def _parquet(path: Path) -> list[Json]:
    try:
        import pyarrow as pa  # type: ignore[import-untyped]
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError:
        raise NodeError("DatasetSource", NO_PYARROW, retryable=False) from None
    try:
        with open_noted(path) as content:
            data = content.read()
        with pa.parquet.ParquetFile(pa.BufferReader(data)) as file:
            _require_distinct(None, file.schema_arrow.names)
            rows = file.read().to_pylist()
    except pa.ArrowException as error:
        raise NoRowError(f"not readable as Parquet: {error}") from error
    return [_cells(number, row) for number, row in enumerate(rows, start=1)]


def _cells(number: int, row: Mapping[str, Any]) -> dict[str, Json]:
    cells: dict[str, Json] = {}
    for name, value in row.items():
        try:
            cells[name] = to_json(value)
        except NoRowError as error:
            raise NoRowError(f"row {number}, {name}: {error}") from None
    return cells


_READERS: Mapping[Format, Callable[[Path], list[Json]]] = {
    Format.JSON: _json,
    Format.JSONL: _jsonl,
    Format.CSV: _csv,
    Format.TSV: _tsv,
    Format.PARQUET: _parquet,
}
