"""The node kind `dataset`: loads rows of a file, a database, an address or an MCP server into one field."""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.experience.model import DatasetSpec, Node
from engine.expressions import Json
from engine.log.events.events import Output
from engine.nodes.datasets import files, sqlite
from engine.nodes.datasets.mcp_servers import NO_MCP, find_server, server_variables
from engine.nodes.datasets.source import (
    FileSource,
    HttpSource,
    McpSource,
    SqliteSource,
    known_source,
    read_source,
    wrong_source,
)
from engine.nodes.datasets.variables import variables_in
from engine.nodes.kind import NodeError, Outcome, Watcher, Work
from engine.nodes.node_files import NamedFile, named_file, outside_warning

if TYPE_CHECKING:
    from engine.nodes.datasets.http import HttpReader

_ROWS = "rows"
"""The part of the input hash for the rows of a query."""


class DatasetKind:
    """Loads the datasets of the experience at `directory`; `environment` has the values of `${NAME}`."""

    def __init__(self, directory: Path, environment: Mapping[str, str] = os.environ) -> None:
        self._directory = directory.absolute()
        self._environment = environment
        self._http: HttpReader | None = None

    def files(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Path]:
        """The file of rows. A database is left out: its rows count, not its bytes."""
        source = known_source(_spec(node).source, given)
        if not isinstance(source, FileSource):
            return {}
        file = named_file(self._directory, source.uri)
        return {f"source {file.shown}": file.path}

    def settings(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Json]:
        """The hash of an SQLite query's current rows; empty for http and mcp, where only the request counts."""
        source = known_source(_spec(node).source, given)
        if not isinstance(source, SqliteSource):
            return {}
        return {_ROWS: sqlite.rows_hash(named_file(self._directory, source.uri), source.query)}

    def takes_long(self, node: Node, given: Mapping[str, Json]) -> bool:
        """True for a query."""
        return isinstance(known_source(_spec(node).source, given), SqliteSource)

    async def find_settings(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Json]:
        """As `settings`, with the query in a thread."""
        source = known_source(_spec(node).source, given)
        if not isinstance(source, SqliteSource):
            return {}
        return {_ROWS: await sqlite.find_hash(named_file(self._directory, source.uri), source.query)}

    async def execute(self, work: Work, watcher: Watcher) -> Outcome:
        """Loads the rows. Raises NodeError."""
        writes = work.node.writes
        if len(writes) != 1:
            named = ", ".join(writes) if writes else "none"
            message = f"a dataset writes its rows to one field, but `writes` names {named}"
            raise NodeError("DatasetWrites", message, retryable=False)
        source = read_source(_spec(work.node).source, work.given)
        if isinstance(source, SqliteSource):
            found = await self._query(source, watcher)
            return Outcome(Output({writes[0]: found.rows}), settings={_ROWS: found.digest})
        return Outcome(Output({writes[0]: await self._rows(source, watcher)}))

    async def close(self) -> None:
        """Closes the HTTP connections, if any."""
        if self._http is not None:
            await self._http.close()

    async def _query(self, source: SqliteSource, watcher: Watcher) -> sqlite.Rows:
        file = self._warned_file(source.uri, watcher)
        watcher.activity(f"querying {file.shown}")
        return await sqlite.read_rows(file, source.query)

    async def _rows(self, source: FileSource | HttpSource | McpSource, watcher: Watcher) -> list[Json]:
        if isinstance(source, FileSource):
            file = self._warned_file(source.uri, watcher)
            watcher.activity(f"reading {file.shown}")
            return await asyncio.to_thread(files.read_rows, file, source.format)
        if isinstance(source, HttpSource):
            return await (await self._http_reader()).read_rows(source, watcher)
        return await self._resource(source, watcher)

    def _warned_file(self, uri: str, watcher: Watcher) -> NamedFile:
        file = named_file(self._directory, uri)
        if not file.inside:
            watcher.warning(outside_warning(file))
        return file

    async def _http_reader(self) -> HttpReader:
        # Imported in a thread: it takes 100 ms, and mcp takes seconds, which must not block the loop.
        await asyncio.to_thread(importlib.import_module, "engine.nodes.datasets.http")
        from engine.nodes.datasets.http import HttpReader

        self._http = self._http or HttpReader(self._environment)
        return self._http

    async def _resource(self, source: McpSource, watcher: Watcher) -> list[Json]:
        server = find_server(self._directory, source.server, self._environment)
        try:
            await asyncio.to_thread(importlib.import_module, "mcp")
        except ImportError:
            raise wrong_source(NO_MCP) from None
        from engine.nodes.datasets import mcp_resource

        watcher.activity(f"reading {source.uri} from {source.server}")
        return await mcp_resource.read_rows(self._directory, server, source.uri)


def variables_of(nodes: Iterable[Node], directory: str) -> list[str]:
    """The environment variables that hold the secrets of datasets: in HTTP headers and environments of MCP servers.

    `directory` is that of the experience of `nodes`.
    """
    sources = [node.spec.source for node in nodes if isinstance(node.spec, DatasetSpec)]
    headers = (source.get("headers") for source in sources)
    texts = [text for named in headers if isinstance(named, dict) for text in named.values() if isinstance(text, str)]
    servers = {str(source.get("server")) for source in sources if source.get("type") == "mcp-resource"}
    return [*(name for text in texts for name in variables_in(text)), *server_variables(Path(directory), servers)]


def _spec(node: Node) -> DatasetSpec:
    assert isinstance(node.spec, DatasetSpec)
    return node.spec
