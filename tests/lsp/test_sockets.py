"""oe-lsp on a TCP port and a WebSocket: one client is served; web pages and second clients are refused."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.lsp.editor import SECONDS
from tests.support.commands import call
from tests.support.forks import ForkedServer, fork_server

SERVER = (sys.executable, "-m", "oe_lsp.server")
TOKEN = "0123456789abcdef-of-a-test"


class Server:
    """A running oe-lsp that listens on a port of its own choice."""

    def __init__(self, process: ForkedServer) -> None:
        self.process = process
        self.port = 0
        self._said: list[str] = []

    async def until_said(self, pattern: str) -> re.Match[str]:
        """What it says on stderr that fits `pattern`."""
        while not (found := re.search(pattern, "".join(self._said))):
            line = await asyncio.wait_for(self.process.stderr.readline(), SECONDS)
            assert line, "".join(self._said)
            self._said.append(line.decode())
        return found

    async def until_ended(self) -> int:
        return await asyncio.wait_for(self.process.wait(), SECONDS)

    def web_socket(self, **options: Any) -> connect:
        return connect(f"ws://127.0.0.1:{self.port}", **options)


@asynccontextmanager
async def served(*arguments: str, token: str | None = None) -> AsyncIterator[Server]:
    environment = {**os.environ, **({"OE_LSP_TOKEN": token} if token else {})}
    command = (*SERVER, *arguments, "--port", "0")
    process = await fork_server(command, Path.cwd(), environment)
    server = Server(process)
    try:
        server.port = int((await server.until_said(r"listening on \S+:(\d+)"))[1])
        yield server
    finally:
        process.kill()
        await process.wait()


class Line:
    """A client of LSP on a TCP port."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, server: Server) -> Line:
        return cls(*await asyncio.open_connection("127.0.0.1", server.port))

    async def ask(self, method: str, params: Any = None) -> dict[str, Any]:
        """The answer to a request."""
        self.send(request(method, params))
        while "id" not in (message := await self.receive()) or "method" in message:
            pass
        return message

    def send(self, message: str) -> None:
        body = message.encode()
        self._writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def write(self, data: bytes) -> None:
        self._writer.write(data)

    async def receive(self) -> dict[str, Any]:
        head = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), SECONDS)
        length = re.search(rb"Content-Length: (\d+)", head)
        assert length is not None
        message: dict[str, Any] = json.loads(await self._reader.readexactly(int(length[1])))
        return message

    async def rest(self) -> bytes:
        """All that comes until the server hangs up."""
        return await asyncio.wait_for(self._reader.read(), SECONDS)

    def close(self) -> None:
        self._writer.close()


def request(method: str, params: Any = None) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method} | ({} if params is None else {"params": params}))


def introduction(options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"processId": None, "rootUri": None, "capabilities": {}, "initializationOptions": options}


async def ask(connection: ClientConnection, method: str, params: Any = None) -> dict[str, Any]:
    """The answer to a request over a WebSocket; it comes as text."""
    await connection.send(request(method, params))
    while True:
        text = await asyncio.wait_for(connection.recv(), SECONDS)
        assert isinstance(text, str)
        message: dict[str, Any] = json.loads(text)
        if "id" in message and "method" not in message:
            return message


async def test_a_client_is_served_over_tcp_until_its_exit() -> None:
    async with served("--tcp") as server:
        line = await Line.to(server)

        introduced = await line.ask("initialize", introduction())
        await line.ask("shutdown")
        line.send(json.dumps({"jsonrpc": "2.0", "method": "exit"}))

        assert introduced["result"]["serverInfo"]["name"] == "oe-lsp"
        assert await server.until_ended() == 0


async def test_a_client_is_served_over_a_websocket() -> None:
    async with served("--ws") as server, server.web_socket() as connection:
        introduced = await ask(connection, "initialize", introduction())
        await ask(connection, "shutdown")
        await connection.send(json.dumps({"jsonrpc": "2.0", "method": "exit"}))

        assert introduced["result"]["serverInfo"]["name"] == "oe-lsp"
        assert await server.until_ended() == 0


async def test_the_server_ends_with_its_clients_tcp_connection() -> None:
    async with served("--tcp") as server:
        line = await Line.to(server)
        await line.ask("initialize", introduction())

        line.close()

        assert await server.until_ended() == 1


async def test_the_server_ends_with_its_clients_websocket() -> None:
    async with served("--ws") as server:
        async with server.web_socket() as connection:
            await ask(connection, "initialize", introduction())

        assert await server.until_ended() == 1


async def test_a_second_tcp_client_is_refused_and_the_first_is_served() -> None:
    async with served("--tcp") as server:
        first, second = await Line.to(server), await Line.to(server)
        await first.ask("initialize", introduction())

        refused = await second.ask("initialize", introduction())

        assert refused["error"]["message"].startswith("oe-lsp serves one client, and one is connected")
        assert await second.rest() == b""
        assert "result" in await first.ask("shutdown")


async def test_a_second_websocket_client_is_refused_and_the_first_is_served() -> None:
    async with served("--ws") as server, server.web_socket() as first, server.web_socket() as second:
        await ask(first, "initialize", introduction())

        refused = await ask(second, "initialize", introduction())

        assert refused["error"]["message"].startswith("oe-lsp serves one client, and one is connected")
        assert "result" in await ask(first, "shutdown")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\n",
        b"Content-Length: 99999999999\r\n",
    ],
    ids=["nothing", "a browser", "TLS", "a length beyond all bounds"],
)
async def test_a_port_scan_does_not_count_as_the_client(data: bytes) -> None:
    async with served("--tcp") as server:
        stranger = await Line.to(server)
        stranger.write(data)
        if not data:
            stranger.close()
        await stranger.rest()

        line = await Line.to(server)

        assert "result" in await line.ask("initialize", introduction())


async def test_a_form_posted_to_the_port_does_not_reach_the_server() -> None:
    body = request("initialize", introduction({"trusted": True})).encode()
    async with served("--tcp") as server:
        page = await Line.to(server)
        page.write(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

        answer = await page.rest()

        assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"serverInfo" not in answer


@pytest.mark.parametrize("first", [request("workspace/executeCommand"), '{"method": "initialized"}', "[]", "no JSON"])
async def test_nothing_reaches_the_server_before_initialize(first: str) -> None:
    async with served("--tcp") as server:
        stranger = await Line.to(server)
        stranger.send(first)

        refused = await stranger.receive()

        assert refused["error"]["code"] == -32002
        assert "result" in await (await Line.to(server)).ask("initialize", introduction())


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:3000", "null"])
async def test_a_web_page_of_a_foreign_origin_is_refused(origin: str) -> None:
    async with served("--ws", "--origin", "http://localhost:5173") as server:
        with pytest.raises(InvalidStatus) as raised:
            await server.web_socket(additional_headers={"Origin": origin})

        assert raised.value.response.status_code == 403
        assert f"The origin {origin} is not allowed".encode() in (raised.value.response.body or b"")


async def test_a_web_page_of_an_allowed_origin_is_served() -> None:
    origin = "http://localhost:5173"
    async with (
        served("--ws", "--origin", origin) as server,
        server.web_socket(additional_headers={"Origin": origin}) as page,
    ):
        assert "result" in await ask(page, "initialize", introduction())


async def test_a_foreign_host_name_that_resolves_to_this_machine_is_refused() -> None:
    """DNS rebinding: the page of evil.example is shown from 127.0.0.1 a moment later."""
    async with served("--ws") as server:
        address = ("127.0.0.1", server.port)
        with pytest.raises(InvalidStatus) as raised:
            await connect(f"ws://evil.example:{server.port}", sock=socket.create_connection(address))

        assert raised.value.response.status_code == 403


async def test_localhost_is_this_machine() -> None:
    async with served("--ws", "--host", "localhost") as server:
        address = ("127.0.0.1", server.port)
        async with connect(f"ws://localhost:{server.port}", sock=socket.create_connection(address)) as connection:
            assert "result" in await ask(connection, "initialize", introduction())


@pytest.mark.parametrize("options", [None, {}, {"token": "wrong"}, {"token": 7}, {"token": TOKEN[:-1] + "é"}])
async def test_a_client_without_the_token_is_refused(options: Mapping[str, Any] | None) -> None:
    async with served("--tcp", token=TOKEN) as server:
        refused = await (await Line.to(server)).ask("initialize", introduction(options))
        admitted = await (await Line.to(server)).ask("initialize", introduction({"token": TOKEN}))

        assert refused["error"]["message"] == "initializationOptions.token does not match OE_LSP_TOKEN."
        assert "result" in admitted


async def test_other_machines_may_connect_with_the_token() -> None:
    async with served("--ws", "--host", "0.0.0.0", token=TOKEN) as server:
        async with server.web_socket() as stranger:
            assert "error" in await ask(stranger, "initialize", introduction())
        async with server.web_socket(additional_headers={"Host": "my.machine"}) as connection:
            assert "result" in await ask(connection, "initialize", introduction({"token": TOKEN}))


@pytest.mark.parametrize(
    ("arguments", "token", "said"),
    [
        (("--tcp", "--host", "0.0.0.0"), None, "--host 0.0.0.0 lets other machines connect and run code here"),
        (("--ws", "--host", ""), None, "--host (all) lets other machines connect and run code here"),
        (("--ws", "--host", "::"), None, "--host :: lets other machines connect and run code here"),
        (("--tcp", "--host", "0.0.0.0"), "short", "OE_LSP_TOKEN is shorter than 16 characters"),
        (("--tcp", "--host", "no.such.host.invalid"), None, "--host no.such.host.invalid: "),
        (("--tcp", "--port", "70000"), None, "argument --port: invalid"),
    ],
)
def test_options_that_would_admit_everybody_are_refused_with_a_remedy(
    tmp_path: Path, arguments: tuple[str, ...], token: str | None, said: str
) -> None:
    refused = call((*SERVER, *arguments), tmp_path, {"OE_LSP_TOKEN": token} if token else {})

    assert refused.code == 2
    assert f"oe-lsp: error: {said}" in refused.err


async def test_a_port_in_use_is_reported_in_one_line(tmp_path: Path) -> None:
    async with served("--tcp") as server:
        refused = call((*SERVER, "--tcp", "--port", str(server.port)), tmp_path)

    assert refused.code == 2
    assert f"cannot listen on 127.0.0.1 port {server.port}" in refused.err


def test_a_missing_websockets_package_is_reported_with_its_extra(tmp_path: Path) -> None:
    hiding = "import sys\nsys.modules['websockets'] = None\n"
    (tmp_path / "sitecustomize.py").write_text(hiding)
    refused = call((*SERVER, "--ws", "--port", "0"), tmp_path, {"PYTHONPATH": str(tmp_path)})

    assert refused.code == 2
    assert "--ws needs the package websockets; install it with: pip install websockets" in refused.err


EXPERIENCE = """\
name: x
version: 1.0.0
state: {schema: {seen: {type: boolean}}}
graph: {nodes: [{id: look, kind: tool, impl: ./look.py, writes: [seen]}], edges: []}
"""
LOOK = "import os\ndef run(_):\n    return {'state_delta': {'seen': 'OE_LSP_TOKEN' in os.environ}}\n"


async def test_tools_do_not_get_the_token(tmp_path: Path) -> None:
    (tmp_path / "experience.yaml").write_text(EXPERIENCE)
    (tmp_path / "look.py").write_text(LOOK)
    async with served("--tcp", token=TOKEN) as server:
        line = await Line.to(server)
        await line.ask("initialize", introduction({"token": TOKEN, "trusted": True, "oeEvents": True}))
        line.send(json.dumps({"jsonrpc": "2.0", "method": "initialized", "params": {}}))

        uri = (tmp_path / "experience.yaml").as_uri()
        line.send(request("workspace/executeCommand", {"command": "oe.runExperience", "arguments": [uri]}))
        events: dict[str, Any] = {}
        while "run.finished" not in events:
            message = await line.receive()
            if message.get("method") == "oe/event":
                events[message["params"]["event"]["type"]] = message["params"]["event"]

    assert events["node.completed"]["output"]["stateDelta"] == {"seen": False}
