"""The tables of docs/protocol.md match a real server, its code, and the extension."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest
from lsprotocol import types
from msgspec.structs import asdict, fields

from engine.runner.launch_options import ResumeOptions, RunOptions
from oe_lsp.server.features.command_arguments import DeleteOptions
from oe_lsp.server.features.registry import COMMANDS, SESSION_MESSAGES, SNAPSHOT_REQUESTS
from oe_lsp.server.session.client_capabilities import Capabilities, read_capabilities
from oe_lsp.server.session.settings import Settings, read_settings
from oe_lsp.server.transport import custom_messages as messages
from oe_lsp.server.transport import names, protocol
from oe_lsp.server.transport.protocol import converter

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
SOURCES = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "oe_lsp" / "server").rglob("*.py")}
EXTENSION = json.loads((ROOT / "vscode-client" / "package.json").read_text(encoding="utf-8"))
LIFECYCLE = {types.INITIALIZE, types.INITIALIZED, types.SHUTDOWN, types.EXIT, types.WORKSPACE_EXECUTE_COMMAND}
"""What is answered without a line in the registry."""
TOKENS = {"requests": {}, "tokenTypes": [], "tokenModifiers": [], "formats": ["relative"]}
"""What every client says that announces semantic tokens."""


def section(title: str) -> str:
    """The text below a heading, up to the next of its rank."""
    rank, _, _ = title.partition(" ")
    found = re.search(rf"^{re.escape(title)}\n(.*?)(?=^#{{2,{len(rank)}}} |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no section {title}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of the rows of a table, without its head."""
    lines = [line.strip("| \n").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return lines[2:]


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def methods(after: str) -> set[str]:
    """The methods in the first column of the table that follows a line."""
    table = section("## Standard requests and notifications").split(f"{after}:\n")[1].split("\n\n")[0]
    return {method for first, *_ in rows(table) for method in codes(first)}


def introduced(capabilities: dict[str, Any]) -> dict[str, Any]:
    """The capabilities that a server answers a client with."""
    params = {"processId": None, "rootUri": None, "capabilities": capabilities}
    sent_by_client: list[dict[str, Any]] = [{"id": 1, "method": "initialize", "params": params}]
    sent_by_client += [{"id": 2, "method": "shutdown"}, {"method": "exit"}]
    bodies = [json.dumps({"jsonrpc": "2.0", **message}).encode() for message in sent_by_client]
    said = b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies)
    command = [sys.executable, "-m", "oe_lsp.server"]
    answered = subprocess.run(command, input=said, capture_output=True, check=True).stdout
    answer, _ = json.JSONDecoder().raw_decode(answered.decode().split("\r\n\r\n", 1)[1])
    capabilities_of_server: dict[str, Any] = answer["result"]["capabilities"]
    return capabilities_of_server


def test_the_capabilities_are_those_of_the_server() -> None:
    documented = {codes(name)[0]: values for name, *values in rows(section("## Capabilities").split("### ")[0])}
    said = {name: json.loads(codes(values[0])[0]) for name, values in documented.items() if "absent" not in values[0]}

    assert introduced({}) == said


def test_what_a_client_with_more_gets_is_what_the_page_says() -> None:
    table = {codes(name)[0]: codes(value) for name, value in rows(section("## Capabilities").split("### ")[0])}
    asks = {"diagnostic": {}, "rename": {"prepareSupport": True}}

    got = introduced({"textDocument": asks, "general": {"positionEncodings": ["utf-32", "utf-8"]}})

    assert got["positionEncoding"] == "utf-32"
    assert got["renameProvider"] == json.loads(table["renameProvider"][1])
    assert got["diagnosticProvider"] == json.loads(table["diagnosticProvider"][0])


def test_every_method_that_is_received_is_in_the_table_and_no_other() -> None:
    answered = {feature.name for feature in (*SNAPSHOT_REQUESTS, *SESSION_MESSAGES)}
    standard = {method for method in answered if not method.startswith("oe/")}

    assert methods("Received") == standard | LIFECYCLE


def test_every_method_that_is_sent_is_in_the_table_and_no_other() -> None:
    assert methods("Sent") == set(sent())


def sent() -> Iterator[str]:
    """The methods of LSP that the sources of the server send: the constants handed to a Client's methods."""
    called = re.compile(r"\b(?:notify|request|refresh|Refresh)\((?:client, )?\s*types\.([A-Z_]+)\b")
    for text in SOURCES.values():
        yield from (getattr(types, constant) for constant in called.findall(text))


def test_every_command_is_in_the_table_and_no_other() -> None:
    assert [codes(first)[0] for first, *_ in rows(section("## Commands"))] == [command.name for command in COMMANDS]


def test_every_custom_message_has_a_section_and_no_other() -> None:
    named = {value for value in vars(names).values() if isinstance(value, str) and re.fullmatch(r"oe/\w+", value)}
    titles = re.findall(r"^##+ (?:Notification )?`(oe/\w+)`", PAGE, re.MULTILINE)

    assert set(titles) == named
    assert len(titles) == len(named)


def test_every_option_of_initialize_is_in_the_table_and_no_other() -> None:
    read = re.findall(r'_at\(options, "(\w+)"\)', SOURCES["settings.py"])
    token = re.findall(r'options\.get\("(\w+)"\)', SOURCES["access.py"])

    assert {codes(first)[0] for first, *_ in rows(section("## initializationOptions"))} == {*read, *token}
    assert len(read) == 10, "and the other two are read as this test thinks"


def documented_settings() -> dict[str, Any]:
    return {codes(name)[0]: json.loads(codes(default)[0]) for name, default, _ in rows(section("## Settings"))}


def test_every_setting_is_in_the_table_with_its_default_as_the_extension_declares_it() -> None:
    declared = EXTENSION["contributes"]["configuration"]["properties"]
    defaults = {name: each["default"] for name, each in declared.items()}
    python = defaults.pop("oe.python")

    assert defaults == documented_settings()
    assert python == ""
    assert "`oe.python`" in section("## Settings")


def test_every_setting_is_read_by_the_server_and_its_default_is_the_same() -> None:
    read = {
        ".".join(["oe", *re.findall(r'"(\w+)"', path)])
        for path in re.findall(r"_at\(section, ([^)]+)\)", SOURCES["settings.py"])
    }
    as_documented: dict[str, Any] = {}
    for name, default in documented_settings().items():
        _, group, key = name.split(".")
        as_documented.setdefault(group, {})[key] = default

    assert read == set(documented_settings())
    assert read_settings(as_documented) == Settings()


CLIENTS = rows(section("### What changes with the client's capabilities"))


def client(path: str, value: Any) -> Capabilities:
    """A client that announces one thing alone."""
    for name in reversed(path.split(".") if path else []):
        value = {name: {**TOKENS, **value} if name == "semanticTokens" else value}
    params = {"processId": None, "rootUri": None, "capabilities": value}
    return read_capabilities(converter().structure(params, types.InitializeParams))


def changed(path: str, value: Any) -> set[str]:
    before = asdict(client("", {}))
    return {name for name, now in asdict(client(path, value)).items() if now != before[name]}


@pytest.mark.parametrize(("path", "example"), [(codes(row[0])[0], codes(row[1])[0]) for row in CLIENTS])
def test_a_capability_of_the_client_changes_something(path: str, example: str) -> None:
    assert len(changed(path, json.loads(example))) == 1


def test_every_capability_of_the_client_that_changes_something_is_in_the_table() -> None:
    shown = set().union(*(changed(codes(path)[0], json.loads(codes(example)[0])) for path, example, _ in CLIENTS))
    elsewhere = {"options", "roots", "is_vscode", "shows_tokens"}

    assert shown | elsewhere == {field.name for field in fields(Capabilities)}


def test_the_options_of_the_command_line_are_in_the_table_of_transports() -> None:
    text = section("## Transports")
    options = set(re.findall(r'add_argument\(\s*"(--\w+)"', SOURCES["main.py"])) - {"--version"}

    assert {option for option in options if f"`{option}" not in text} == set()


SHAPES = {
    "RunSummary": messages.RunSummary,
    "RunState": messages.RunStateResult,
    "RunItems": messages.RunItemsResult,
    "DeletedRun": messages.DeletedRun,
    "Plan": messages.PlanResult,
    "Graph": messages.GraphResult,
    "Vertex": messages.GraphVertex,
    "DeclaredArg": messages.DeclaredArg,
}
"""The interfaces of the page, and what is sent."""


@pytest.mark.parametrize("name", SHAPES)
def test_an_interface_has_the_fields_that_are_sent(name: str) -> None:
    found = re.search(rf"^interface {name} \{{\n(.*?)^\}}", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    documented = re.findall(r"(\w+)\??:", re.sub(r"//.*", "", found[1]))

    assert sorted(documented) == sorted(names_in(SHAPES[name]))


OPTIONS: dict[str, type[RunOptions | DeleteOptions]] = {
    "RunOptions": RunOptions,
    "ResumeOptions": ResumeOptions,
    "DeleteOptions": DeleteOptions,
}


@pytest.mark.parametrize("name", OPTIONS)
def test_the_options_of_a_command_are_those_that_are_read(name: str) -> None:
    blocks = re.findall(r"^interface (\w+)(?: extends \w+)? \{[^\n]*\n(.*?)^\}", PAGE, re.MULTILINE | re.DOTALL)
    documented = {title: re.findall(r"(\w+)\?:", re.sub(r"//.*", "", text)) for title, text in blocks}
    inherited = documented["RunOptions"] if name == "ResumeOptions" else []

    assert sorted({*documented[name], *inherited}) == sorted(field.encode_name for field in fields(OPTIONS[name]))


def test_every_interface_of_the_page_is_compared() -> None:
    assert set(re.findall(r"^interface (\w+)", PAGE, re.MULTILINE)) == {*SHAPES, *OPTIONS}


def names_in(shape: type[Any]) -> Iterator[str]:
    """The fields of a message, and of the messages in it that have no interface of their own."""
    for field in attrs.fields(attrs.resolve_types(shape)):
        yield protocol.camel_case(field.name)
        for part in (field.type, *get_args(field.type)):
            if attrs.has(part) and part not in SHAPES.values():
                yield from names_in(part)
