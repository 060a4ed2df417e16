"""Datasets from MCP servers: the rows of a resource, and the errors of servers."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from watchfiles import awatch

from engine.expressions import Json
from engine.nodes.dataset import DatasetKind
from engine.nodes.kind import NodeError
from tests.standins import mcp_server
from tests.unit.nodes.conftest import RecordingWatcher
from tests.unit.nodes.test_dataset_files import dataset, work

SOURCE = {"type": "mcp-resource", "server": "notes", "uri": "note:1"}
TOKEN = "t0p-secret-token"


class Bench:
    """An experience with one MCP server, `notes`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kind = DatasetKind(
            folder, {**os.environ, "NOTES_TOKEN": TOKEN, "ANTHROPIC_API_KEY": "sk-ant-1", "HOME": "/home/ada"}
        )
        self.watcher = RecordingWatcher()

    def config(self, content: Any) -> None:
        (self.folder / "mcp.json").write_text(content if isinstance(content, str) else json.dumps(content))

    def server(self, contents: list[dict[str, Any]], fault: str = "", **entry: Any) -> None:
        args = [mcp_server.__file__, json.dumps({"note:1": contents}), fault]
        self.config({"servers": {"notes": {"command": sys.executable, "args": args, **entry}}})

    async def rows(self, uri: str = "note:1", server: str = "notes") -> Json:
        source = {"type": "mcp-resource", "server": server, "uri": uri}
        done = await self.kind.execute(work(source), self.watcher)
        return done.output.state_delta["rows"]

    async def refusal(self, uri: str = "note:1", server: str = "notes") -> str:
        with pytest.raises(NodeError) as raised:
            await self.rows(uri, server)
        return raised.value.info.message

    @property
    def server_runs(self) -> bool:
        try:
            os.kill(int((self.folder / "server.pid").read_text()), 0)
        except ProcessLookupError:
            return False
        return True


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


CONTENTS: list[tuple[str, list[dict[str, Any]], Json]] = [
    ("the elements of a list are rows", [{"text": ' [{"id": 1}, 2]\n'}], [{"id": 1}, 2]),
    ("an object is a row", [{"text": '{"id": 1}', "mimeType": "application/json"}], [{"id": 1}]),
    (
        "a text is a row",
        [{"text": "Buy milk", "mimeType": "text/plain"}],
        [{"text": "Buy milk", "mimeType": "text/plain"}],
    ),
    ("a text without a type is a row", [{"text": "3"}], [{"text": "3"}]),
    ("what only begins like JSON is a text", [{"text": "[draft] Buy milk"}], [{"text": "[draft] Buy milk"}]),
    ("bytes are a row", [{"blob": "AP8=", "mimeType": "image/png"}], [{"blob": "AP8=", "mimeType": "image/png"}]),
    ("several contents follow one another", [{"text": "[1, 2]"}, {"text": "x"}], [1, 2, {"text": "x"}]),
    ("no content is no row", [], []),
]


@pytest.mark.parametrize(("contents", "rows"), [case[1:] for case in CONTENTS], ids=[case[0] for case in CONTENTS])
async def test_rows_are_the_contents_of_the_resource(bench: Bench, contents: list[dict[str, Any]], rows: Json) -> None:
    bench.server(contents)

    assert await bench.rows() == rows
    assert bench.watcher.activities == ["reading note:1 from notes"]
    assert not bench.server_runs


async def test_a_resource_of_a_server_built_with_the_official_library_is_read(bench: Bench) -> None:
    (bench.folder / "server.py").write_text(
        "from mcp.server import MCPServer\n"
        "server = MCPServer('notes')\n"
        "@server.resource('note://1', mime_type='application/json')\n"
        "def note() -> str:\n"
        '    return \'[{"title": "Night"}]\'\n'
        "server.run('stdio')\n"
    )
    bench.config({"servers": {"notes": {"command": sys.executable, "args": ["server.py"]}}})

    assert await bench.rows("note://1") == [{"title": "Night"}]


async def test_other_output_of_a_server_is_ignored(bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    bench.server([{"text": "[1]"}], "prints")

    assert await bench.rows() == [1]
    assert capfd.readouterr() == ("", "")


async def test_a_server_gets_the_environment_of_its_entry_and_ours_without_the_llm_keys(bench: Bench) -> None:
    bench.server([], env={"TOKEN": "Bearer ${NOTES_TOKEN}", "PLAIN": "$5"})

    async def variable(name: str) -> str:
        [row] = await bench.rows(f"env:{name}")
        return row["text"]

    assert await variable("TOKEN") == f"Bearer {TOKEN}"
    assert await variable("PLAIN") == "$5"
    assert await variable("HOME") == "/home/ada"
    assert await variable("ANTHROPIC_API_KEY") == "not set"


async def test_a_missing_resource_is_named_without_secrets(bench: Bench) -> None:
    bench.server([], env={"NOTES_TOKEN": "${NOTES_TOKEN}"})

    message = await bench.refusal("note:2")

    assert (
        message == "the MCP server `notes` did not return note:2: no resource note:2 for token ***; check `source.uri`"
    )


async def test_a_server_that_ends_at_once_is_reported_with_its_output(bench: Bench) -> None:
    bench.server([], "dies")

    message = await bench.refusal()

    assert message.startswith("the MCP server `notes` did not start: ")
    assert message.endswith("check `command` and `args` in mcp.json; last output:\nno notes here")


async def test_a_server_that_refuses_to_end_is_killed(bench: Bench) -> None:
    bench.server([{"text": "[1]"}], "stays")

    assert await bench.rows() == [1]
    assert not bench.server_runs


async def test_a_server_that_hangs_is_ended_with_its_node(bench: Bench) -> None:
    bench.server([], "hangs")
    reading = asyncio.create_task(bench.rows())
    async for _ in awatch(bench.folder, rust_timeout=100, yield_on_timeout=True):
        if (bench.folder / "reading").exists():
            break

    reading.cancel()

    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not bench.server_runs


MISTAKES: list[tuple[Any, str]] = [
    (None, 'mcp.json does not exist; create it beside experience.yaml: {"servers": {"notes": {"command": '),
    ('{\n"servers": }', "mcp.json, line 2: not JSON at column 12"),
    ([], "mcp.json must hold an object with the key `servers`, such as {"),
    ({"servers": []}, "mcp.json must hold an object with the key `servers`"),
    ({"mcpServers": {}}, "with the key `servers`; rename `mcpServers` to `servers`"),
    ({"servers": {"note": {}}}, "mcp.json has no server `notes`; did you mean `note`?"),
    ({"servers": {"files": {}, "mail": {}}}, "mcp.json has no server `notes`; it has `files`, `mail`"),
    ({"servers": {}}, "mcp.json has no server `notes`; it has none"),
    ({"servers": {"notes": {"args": []}}}, "the server `notes` in mcp.json must have a `command`: the program that"),
    ({"servers": {"notes": {"url": "http://a"}}}, "only servers started by a command are supported"),
    (
        {"servers": {"notes": {"command": "a", "args": "b"}}},
        "`args` of the server `notes` in mcp.json must be a list of strings, not the text 'b'",
    ),
    (
        {"servers": {"notes": {"command": "a", "env": {"A": 1}}}},
        "`env` of the server `notes` in mcp.json must be an object of strings",
    ),
    ({"servers": {"notes": {"command": "a", "env": {"A": "${NO_SUCH}"}}}}, "A of the server `notes` in mcp.json needs"),
    ({"servers": {"notes": {"command": "no-such-program"}}}, "`no-such-program` is not on PATH; install it or correct"),
    (
        {"servers": {"notes": {"command": "./mcp.json"}}},
        "`./mcp.json` does not exist or is not executable; install it or",
    ),
]


@pytest.mark.parametrize(("config", "said"), MISTAKES)
async def test_a_mistake_in_mcp_json_is_named(bench: Bench, config: Any, said: str) -> None:
    if config is not None:
        bench.config(config)

    assert said in await bench.refusal()


async def test_without_the_library_it_says_how_to_install_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    bench.server([])

    assert await bench.refusal() == "reading MCP resources needs mcp; install it with `pip install mcp`"


def test_only_the_request_is_hashed(bench: Bench) -> None:
    assert bench.kind.files(dataset(SOURCE), SOURCE) == {}
    assert bench.kind.settings(dataset(SOURCE), SOURCE) == {}
