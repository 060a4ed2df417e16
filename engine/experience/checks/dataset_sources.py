"""The addresses and MCP servers that datasets use (OE203, OE206, OE601, OE605).

The rules are those of engine/nodes/datasets, which sends the requests in a run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from engine.experience.checks.contexts import ItemContext
from engine.experience.checks.path_resolution import suggest
from engine.experience.files.json_text import NotJson, parse_json
from engine.experience.files.port import Entry
from engine.experience.json_schema.messages import shown
from engine.experience.model import DatasetSpec, Node
from engine.experience.problems import Code, Problem, Severity
from engine.experience.source.locate import locate
from engine.expressions import Json
from engine.syntax import View

SERVERS = "mcp.json"
"""The file beside the experience that tells how to start MCP servers."""
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{[A-Za-z_]\w*\}")


def check_source(node: ItemContext[Node]) -> Iterator[Problem]:
    """OE203, OE206, OE601 and OE605 for the `source` of a dataset."""
    if not isinstance(node.model.spec, DatasetSpec):
        return
    source = node.model.spec.source
    if source.get("type") == "http":
        yield from _request(node.view, source)
    elif source.get("type") == "mcp-resource":
        yield from _server(node, source.get("server"))


def _request(view: View, source: Mapping[str, Json]) -> Iterator[Problem]:
    url = source.get("url")
    if "body" in source and source.get("method", "GET") == "GET":
        place = locate(view, ("source", "body")).key_span
        yield Problem(
            Code.NO_EFFECT, Severity.WARNING, "GET requests have no `body`; add `method: POST` to send it", place
        )
    if not isinstance(url, str) or (url.startswith("$") and not url.startswith("${")):
        return
    if _VARIABLE.search(url):
        message = "`url` must not contain ${NAME}, since it is logged; put secrets in `headers`"
    elif not _ADDRESS.match(url):
        message = f"`url` must be an http:// or https:// address, not {shown(url)}"
    else:
        return
    yield Problem(Code.WRONG_VALUE, Severity.WARNING, message, locate(view, ("source", "url")).span)


def _server(node: ItemContext[Node], name: Json | None) -> Iterator[Problem]:
    if not isinstance(name, str) or name.startswith("$"):
        return
    place = locate(node.view, ("source", "server")).span
    files = node.env.files
    entry = files.entry(SERVERS)
    if entry is Entry.NOTHING and not node.around.may_have_made(SERVERS):
        message = f"there is no `{SERVERS}`; create it beside the experience, with `{name}` under `servers`"
        yield Problem(Code.MISSING_FILE, Severity.WARNING, message, place, data={"path": SERVERS})
    text = files.text(SERVERS) if entry is Entry.FILE else None
    if text is None:
        return
    servers = _servers(text)
    if isinstance(servers, str):
        yield Problem(Code.UNUSABLE_FILE, Severity.WARNING, servers, place)
    elif name not in servers:
        suggestion, end = suggest(name, servers)
        data = {"suggestion": suggestion} if suggestion else {}
        message = f"`{SERVERS}` has no server `{name}`{end}"
        yield Problem(Code.UNUSABLE_FILE, Severity.WARNING, message, place, data=data)


def _servers(text: str) -> Mapping[str, Any] | str:
    """The servers by name; a message for the user if the file cannot be used."""
    content = parse_json(text)
    if isinstance(content, NotJson):
        return f"`{SERVERS}` is not JSON: {content.reason}"
    servers = content.get("servers") if isinstance(content, dict) else None
    if isinstance(servers, dict):
        return servers
    renamed = isinstance(content, dict) and "mcpServers" in content
    remedy = "rename `mcpServers` to `servers`" if renamed else "add an object with that key"
    return f"`{SERVERS}` has no `servers`; {remedy}"
