"""One session with one language server: what an editor does with a file, timed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_client import Client
from lsp_texts import TOOLS, Edit, edits, experience, mended, mistaken, renamed

_ASKS = 12
"""How many completions and hovers are asked for, spread over the file."""

_REST_SECONDS = 1
"""How long a server may finish what its start and its settings made it do, before it is measured warm."""

_INCREMENTAL = 2


@dataclass(frozen=True)
class Server:
    """Who is measured: how it is started, its user's settings, and whether it finds mistakes at all."""

    name: str
    command: Sequence[str | Path]
    settings: Mapping[str, Any]
    finds_mistakes: bool = True


@dataclass(frozen=True)
class Measured:
    """Milliseconds, but for `memory` (bytes) and `reported`, how many problems all diagnostics named together.

    `first` is from the start of the process to the diagnostics of the file; `open` is that of a server that is warm.
    """

    start: float
    first: float
    open: float
    edit: float
    worst_edit: float
    completion: float
    hover: float
    symbols: float
    memory: float
    reported: float
    log: str


def measure(server: Server, nodes: int, folder: Path) -> Measured:
    """Start the server, open, edit, ask, and shut it down."""
    text = mistaken(experience(nodes))
    file = folder / "experience.yaml"
    file.write_text(text, encoding="utf-8")
    (folder / "tools.py").write_text(TOOLS, encoding="utf-8")
    client = Client(server.command, folder, server.settings)
    try:
        return _measure(client, server, _Document(client, file.as_uri(), text), nodes)
    finally:
        client.kill()


class _Document:
    """An open file, as the client has it."""

    def __init__(self, client: Client, uri: str, text: str) -> None:
        self._client = client
        self.uri, self.text, self.version = uri, text, 0
        self.reported = 0

    def open(self, *, finds: bool) -> float:
        """Open it; when its diagnostics arrived. `finds`: the server has something to find in it."""
        self.version += 1
        item = {"uri": self.uri, "languageId": "yaml", "version": self.version, "text": self.text}
        return self._told("textDocument/didOpen", {"textDocument": item}, finds=finds)[1]

    def close(self) -> None:
        """Close it."""
        self._client.notify("textDocument/didClose", {"textDocument": {"uri": self.uri}})

    def edit(self, edit: Edit, sync: int) -> float:
        """Type; how long until the diagnostics, in milliseconds."""
        self.version += 1
        change: dict[str, Any] = {"text": edit.applied(self.text)}
        if sync == _INCREMENTAL:
            change = {"text": edit.new, "range": {"start": self.at(edit.start), "end": self.at(edit.end)}}
        self.text = edit.applied(self.text)
        document = {"uri": self.uri, "version": self.version}
        began, ended = self._told("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
        return (ended - began) * 1000

    def at(self, offset: int) -> dict[str, int]:
        """A position; the texts are ASCII."""
        line = self.text.count("\n", 0, offset)
        return {"line": line, "character": offset - (self.text.rfind("\n", 0, offset) + 1)}

    def _told(self, method: str, params: Any, *, finds: bool = False) -> tuple[float, float]:
        began = self._client.notify(method, params)
        arrived = self._client.diagnostics_after(began, self.version, some=finds)
        self.reported += len(arrived.message["params"]["diagnostics"])
        return began, arrived.at


def _measure(client: Client, server: Server, document: _Document, nodes: int) -> Measured:
    started = client.request("initialize", _introduction(document.uri))
    client.notify("initialized", {})
    client.notify("workspace/didChangeConfiguration", {"settings": server.settings})
    sync = _sync_kind(started.message["result"]["capabilities"])
    # Not the text that is opened later, so that no server has met that before.
    stranger = _Document(client, document.uri, renamed(document.text))
    first = stranger.open(finds=server.finds_mistakes)
    stranger.close()
    time.sleep(_REST_SECONDS)
    began = client.request("textDocument/hover", _place(document, 0)).at
    opened = document.open(finds=server.finds_mistakes)
    document.edit(mended(document.text), sync)
    edited = [document.edit(kind(document.text), sync) for kind in edits(nodes)]
    memory = client.resident_bytes()
    completion = list(_ask(client, document, "textDocument/completion", "\n      kind: "))
    hover = list(_ask(client, document, "textDocument/hover", "\n      ki"))
    symbols = [_timed(client, "textDocument/documentSymbol", {"textDocument": {"uri": document.uri}}) for _ in range(3)]
    client.stop()
    return Measured(
        start=(started.at - client.began) * 1000,
        first=(first - client.began) * 1000,
        open=(opened - began) * 1000,
        edit=statistics.median(edited),
        worst_edit=max(edited),
        completion=statistics.median(completion),
        hover=statistics.median(hover),
        symbols=statistics.median(symbols),
        memory=memory,
        reported=document.reported,
        log=client.errors.decode(),
    )


def _introduction(uri: str) -> dict[str, Any]:
    text = {
        "synchronization": {},
        "publishDiagnostics": {"relatedInformation": True, "versionSupport": True},
        "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
        "hover": {"contentFormat": ["markdown"]},
        "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
    }
    folder = uri.rpartition("/")[0]
    return {
        "processId": None,
        "rootUri": folder,
        "workspaceFolders": [{"uri": folder, "name": "measured"}],
        "capabilities": {"textDocument": text, "workspace": {"configuration": True}},
    }


def _sync_kind(capabilities: Mapping[str, Any]) -> int:
    sync = capabilities["textDocumentSync"]
    return int(sync["change"] if isinstance(sync, dict) else sync)


def _ask(client: Client, document: _Document, method: str, before: str) -> Iterator[float]:
    step = len(document.text) // _ASKS
    for turn in range(_ASKS):
        found = document.text.find(before, turn * step)
        if found >= 0:
            yield _timed(client, method, _place(document, found + len(before)))


def _place(document: _Document, offset: int) -> dict[str, Any]:
    return {"textDocument": {"uri": document.uri}, "position": document.at(offset)}


def _timed(client: Client, method: str, params: Any) -> float:
    asked = time.perf_counter()
    return (client.request(method, params).at - asked) * 1000
