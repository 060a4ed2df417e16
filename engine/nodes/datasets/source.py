"""The `source` of a dataset as types. Reports what is missing or wrong in it; reads no data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import PurePath

from msgspec import Struct, field

from engine.experience.json_schema.messages import closest, did_you_mean, listed, shown
from engine.expressions import MISSING, Json, Missing, Path, references, resolve
from engine.nodes.kind import NodeError


class Format(str, Enum):
    """The format of a file of rows."""

    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"
    PARQUET = "parquet"


class Method(str, Enum):
    """The method of a request."""

    GET = "GET"
    POST = "POST"


class FileSource(Struct, frozen=True):
    """A file of rows. `uri` is its path from the experience's folder."""

    uri: str
    format: Format


class SqliteSource(Struct, frozen=True):
    """A query on a database file. `uri` is its path from the experience's folder."""

    uri: str
    query: str


class HttpSource(Struct, frozen=True):
    """A request. `headers` may name environment variables as `${NAME}`; `body` is what POST sends, as JSON."""

    url: str
    method: Method = Method.GET
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json | Missing = MISSING


class McpSource(Struct, frozen=True):
    """A resource of the server that mcp.json calls `server`."""

    server: str
    uri: str


Source = FileSource | SqliteSource | HttpSource | McpSource

_FORMATS = {
    ".json": Format.JSON,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".parquet": Format.PARQUET,
}


def read_source(written: Mapping[str, Json], given: Mapping[str, Json]) -> Source:
    """The source that `given` describes, which is `written` with its references resolved.

    Raises NodeError if a key is missing or has an invalid value (docs/format.md, Datasets).
    """
    keys = _Keys(written, given)
    type_ = keys.text("type")
    if type_ not in _READERS:
        suggestion = did_you_mean(closest(type_, frozenset(_READERS)))
        raise wrong_source(f"`source.type` must be one of {listed(_READERS)}, not {shown(type_)}{suggestion}")
    return _READERS[type_](keys)


def known_source(written: Mapping[str, Json], given: Mapping[str, Json]) -> Source | None:
    """As `read_source`, from `written` alone while `given` is unknown; None if that does not suffice."""
    literal = resolve(dict(written), _nothing).value
    try:
        return read_source(written, given or (literal if isinstance(literal, dict) else {}))
    except NodeError:
        return None


def wrong_source(message: str) -> NodeError:
    """The error for a source that cannot be used."""
    return NodeError("DatasetSource", message, retryable=False)


class _Keys:
    """The keys of a source, read with their types."""

    def __init__(self, written: Mapping[str, Json], given: Mapping[str, Json]) -> None:
        self._written = written
        self._given = given

    def get(self, key: str) -> Json | Missing:
        return self._given.get(key, MISSING)

    def text(self, key: str) -> str:
        value = self.get(key)
        if isinstance(value, str) and value:
            return value
        raise self.wrong(key, "a string")

    def choice(self, key: str, choices: type[Format] | type[Method]) -> str | None:
        value = self.get(key)
        names = [choice.value for choice in choices]
        if value is MISSING or value in names:
            return None if value is MISSING else str(value)
        raise self.wrong(key, f"one of {listed(names)}")

    def texts(self, key: str) -> dict[str, str]:
        value = {} if key not in self._written else self.get(key)
        if not isinstance(value, dict):
            raise self.wrong(key, "an object of strings")
        found: dict[str, str] = {}
        for name, text in value.items():
            if not isinstance(text, str):
                raise wrong_source(f"`source.{key}.{name}` must be a string, not {shown(text)}; put it in quotes")
            found[name] = text
        return found

    def wrong(self, key: str, wanted: str) -> NodeError:
        value, written = self.get(key), self._written.get(key, MISSING)
        if value is MISSING and written is MISSING:
            return wrong_source(f"`source.{key}` is missing; it must be {wanted}")
        if value is MISSING:
            return wrong_source(f"`source.{key}` is missing: {written} has no value")
        origin = "" if written is MISSING or not references(written) else f", which {written} refers to"
        return wrong_source(f"`source.{key}` must be {wanted}, not {_shown(value)}{origin}")


def _file(keys: _Keys) -> FileSource:
    uri, format_ = keys.text("uri"), keys.choice("format", Format)
    if format_ is not None:
        return FileSource(uri, Format(format_))
    suffix = PurePath(uri).suffix.lower()
    if suffix not in _FORMATS:
        ending = f"the ending {suffix}" if suffix else "the name"
        formats = listed(choice.value for choice in Format)
        raise wrong_source(f"{ending} of {uri} does not tell its format; add `source.format`: {formats}")
    return FileSource(uri, _FORMATS[suffix])


def _sqlite(keys: _Keys) -> SqliteSource:
    return SqliteSource(keys.text("uri"), keys.text("query"))


def _http(keys: _Keys) -> HttpSource:
    method = Method(keys.choice("method", Method) or Method.GET)
    return HttpSource(keys.text("url"), method, keys.texts("headers"), keys.get("body"))


def _mcp(keys: _Keys) -> McpSource:
    return McpSource(keys.text("server"), keys.text("uri"))


def _nothing(_: Path) -> Missing:
    return MISSING


def _shown(value: Json) -> str:
    return "an empty text" if value == "" else shown(value)


_READERS: Mapping[str, Callable[[_Keys], Source]] = {
    "file": _file,
    "sqlite": _sqlite,
    "http": _http,
    "mcp-resource": _mcp,
}
