"""What a dataset asks for outside the folder: addresses and MCP servers (OE203, OE206, OE601, OE605).

The rules are those of engine/nodes/datasets, which asks when it runs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from engine.experience.checks.path_lookup import World, stray
from engine.experience.files.port import Entry
from engine.experience.graph.node_context import Around
from engine.experience.json_schema.messages import shown
from engine.experience.model import DatasetSpec
from engine.experience.problems import Code, Problem, Severity
from engine.experience.source.locate import locate
from engine.expressions import Json
from engine.syntax import View

SERVERS = "mcp.json"
"""The file beside the experience that says how MCP servers are started."""
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{[A-Za-z_]\w*\}")


def check_source(view: View, spec: DatasetSpec, around: Around, world: World) -> Iterator[Problem]:
    """The problems of the source of a dataset."""
    source = spec.source
    if source.get("type") == "http":
        yield from _request(view, source)
    elif source.get("type") == "mcp-resource":
        yield from _server(view, source.get("server"), around, world)


def _request(view: View, source: Mapping[str, Json]) -> Iterator[Problem]:
    url = source.get("url")
    if "body" in source and source.get("method", "GET") == "GET":
        place = locate(view, ("source", "body")).key_span
        yield Problem(Code.NO_EFFECT, Severity.WARNING, "GET sends no `body`; add `method: POST` to send it", place)
    if not isinstance(url, str) or (url.startswith("$") and not url.startswith("${")):
        return
    if _VARIABLE.search(url):
        message = "an address must not hold ${NAME}, because it is logged: use `headers` for what is secret"
    elif not _ADDRESS.match(url):
        message = f"`url` must be an http:// or https:// address, not {shown(url)}"
    else:
        return
    yield Problem(Code.WRONG_VALUE, Severity.WARNING, message, locate(view, ("source", "url")).span)


def _server(view: View, name: Json | None, around: Around, world: World) -> Iterator[Problem]:
    if not isinstance(name, str) or name.startswith("$"):
        return
    place = locate(view, ("source", "server")).span
    entry = world.files.entry(SERVERS)
    if entry is Entry.NOTHING and not around.may_have_made(SERVERS):
        message = f"there is no `{SERVERS}`; create it beside the experience, with `{name}` under `servers`"
        yield Problem(Code.MISSING_FILE, Severity.WARNING, message, place, data={"path": SERVERS})
    text = world.files.text(SERVERS) if entry is Entry.FILE else None
    if text is None:
        return
    servers = _servers(text)
    if isinstance(servers, str):
        yield Problem(Code.UNUSABLE_FILE, Severity.WARNING, servers, place)
    elif name not in servers:
        suggestion, end = stray(name, servers)
        data = {"suggestion": suggestion} if suggestion else {}
        message = f"`{SERVERS}` has no server `{name}`{end}"
        yield Problem(Code.UNUSABLE_FILE, Severity.WARNING, message, place, data=data)


def _servers(text: str) -> Mapping[str, Any] | str:
    """The servers by name; why there are none, for the person who wrote the file, where it cannot be used."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        return f"`{SERVERS}` is not JSON: {error}"
    servers = content.get("servers") if isinstance(content, dict) else None
    if isinstance(servers, dict):
        return servers
    renamed = isinstance(content, dict) and "mcpServers" in content
    remedy = "rename `mcpServers` to `servers`" if renamed else "it must be an object with that key"
    return f"`{SERVERS}` has no `servers`; {remedy}"
