"""mcp.json: the MCP servers of an experience and how to start them (docs/format.md, Datasets)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.experience.json_schema.messages import closest, did_you_mean, listed, shown
from engine.expressions import Json
from engine.nodes.datasets.source import wrong_source
from engine.nodes.datasets.values import NoRowError, parse_json
from engine.nodes.datasets.variables import fill, values_in, variables_in
from engine.nodes.kind import NodeError
from engine.nodes.processes.environment import tool_environment
from engine.regular_files import read_regular
from engine.syntax import MAX_FILE_BYTES

FILE_NAME = "mcp.json"
NO_MCP = "reading MCP resources needs mcp; install it with `pip install mcp`"
_EXAMPLE = '{"servers": {"notes": {"command": "notes-server", "args": []}}}'


@dataclass(frozen=True, slots=True)
class McpServer:
    """How to start a server. `secrets` are the values that its environment takes from ours by `${NAME}`."""

    name: str
    program: str
    args: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


def find_server(directory: Path, name: str, environment: Mapping[str, str]) -> McpServer:
    """The server that mcp.json in `directory` calls `name`. Raises NodeError."""
    servers = _servers(directory / FILE_NAME)
    if name not in servers:
        suggestion = did_you_mean(closest(name, frozenset(servers))) or f"; it has {listed(servers) or 'none'}"
        raise wrong_source(f"{FILE_NAME} has no server `{name}`{suggestion}")
    return _server(directory, name, servers[name], environment)


def server_variables(directory: Path, names: Collection[str]) -> list[str]:
    """The variables that the environments of these servers refer to; none if mcp.json cannot be used."""
    try:
        servers = _servers(directory / FILE_NAME) if names else {}
    except NodeError:
        return []
    environments = (entry.get("env") for name, entry in servers.items() if name in names and isinstance(entry, dict))
    texts = [text for env in environments if isinstance(env, dict) for text in env.values() if isinstance(text, str)]
    return [name for text in texts for name in variables_in(text)]


def _servers(file: Path) -> dict[str, Json]:
    try:
        content = parse_json(read_regular(file, MAX_FILE_BYTES))
    except FileNotFoundError:
        raise wrong_source(f"{FILE_NAME} does not exist; create it beside experience.yaml: {_EXAMPLE}") from None
    except OSError as error:
        raise wrong_source(f"{FILE_NAME} cannot be read: {error.strerror}") from error
    except NoRowError as error:
        place = FILE_NAME if error.line is None else f"{FILE_NAME}, line {error.line}"
        raise wrong_source(f"{place}: {error}") from None
    servers = content.get("servers") if isinstance(content, dict) else None
    if isinstance(servers, dict):
        return servers
    renamed = isinstance(content, dict) and "mcpServers" in content
    hint = "; rename `mcpServers` to `servers`" if renamed else f", such as {_EXAMPLE}"
    raise wrong_source(f"{FILE_NAME} must hold an object with the key `servers`{hint}")


def _server(directory: Path, name: str, entry: Json, environment: Mapping[str, str]) -> McpServer:
    where = f"the server `{name}` in {FILE_NAME}"
    known = entry if isinstance(entry, dict) else {}
    command, args, env = known.get("command"), known.get("args", []), known.get("env", {})
    if not isinstance(command, str) or not command:
        more = "; only servers started by a command are supported" if "url" in known else ""
        raise wrong_source(f"{where} must have a `command`: the program that starts it{more}")
    if not isinstance(args, list) or not all(isinstance(arg, str) for arg in args):
        raise wrong_source(f"`args` of {where} must be a list of strings, not {shown(args)}")
    if not isinstance(env, dict) or not all(isinstance(value, str) for value in env.values()):
        raise wrong_source(f"`env` of {where} must be an object of strings")
    texts = {key: str(value) for key, value in env.items()}
    own = {key: fill(text, f"{key} of {where}", environment) for key, text in texts.items()}
    whole = {**tool_environment(environment), **own}
    return McpServer(
        name=name,
        program=_program(directory, command, where, whole),
        args=tuple(str(arg) for arg in args),
        environment=whole,
        secrets=tuple(values_in(texts.values(), environment)),
    )


def _program(directory: Path, command: str, where: str, environment: Mapping[str, str]) -> str:
    """The path of `command`; one with a slash is relative to `directory`."""
    written = str(directory.absolute() / command) if os.sep in command else command
    found = shutil.which(written, path=environment.get("PATH"))
    if found is None:
        problem = "does not exist or is not executable" if os.sep in command else "is not on PATH"
        message = f"{where}: `{command}` {problem}; install it or correct `command`"
        raise NodeError("DatasetMissing", message, retryable=False)
    return str(Path(found).absolute())
