"""Documents that the server writes for a person to read: a plan, a prompt as it would be sent.

A client that serves documents of the scheme `oe:` (`initializationOptions.virtualDocuments`) asks for their texts; for
any other, they are files in the user's own folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from urllib.parse import quote

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from oe_lsp.server.transport.client import Client
from oe_lsp.server.transport.custom_messages import DocumentChanged
from oe_lsp.server.transport.errors import RequestFailedError
from oe_lsp.server.transport.names import DOCUMENT_CHANGED
from oe_lsp.server.transport.uris import uri_of

SCHEME = "oe"

_MOST = 200
"""How many documents are kept; the oldest go first."""


class VirtualDocuments:
    """The documents of one session. `folder` is where files are written."""

    def __init__(self, client: Client, folder: Path, *, is_virtual: bool) -> None:
        self._client = client
        self._folder = folder
        self._is_virtual = is_virtual
        self._texts: dict[str, str] = {}

    async def put(self, name: str, text: str) -> str:
        """Make a document with this name, such as `plan-4f3a1b2c.md`, or replace its text; its URI. Raises OSError."""
        if not self._is_virtual:
            return uri_of(await asyncio.to_thread(_write, self._folder / name, text))
        uri = f"{SCHEME}:/{quote(name)}"
        is_known = self._texts.pop(uri, None) is not None
        self._texts[uri] = text
        while len(self._texts) > _MOST:
            self._texts.pop(next(iter(self._texts)))
        if is_known:
            self._client.notify(DOCUMENT_CHANGED, DocumentChanged(uri))
        return uri

    async def show(self, name: str, text: str) -> str:
        """As `put`, and open the document in the editor. Raises RequestFailedError where that is not possible."""
        try:
            uri = await self.put(name, text)
        except OSError as error:
            raise RequestFailedError(f"{error.filename} cannot be written: {error.strerror}.") from error
        params = types.ShowDocumentParams(uri, take_focus=True)
        try:
            shown = await self._client.request(types.WINDOW_SHOW_DOCUMENT, params)
        except JsonRpcException:
            shown = None
        if shown is None or not shown.success:
            self._client.show(types.MessageType.Info, f"Open {uri} to read it: this editor cannot open it itself.")
        return uri

    def text(self, uri: str) -> str:
        """The text of a virtual document. Raises RequestFailedError where it is no longer known."""
        if uri not in self._texts:
            raise RequestFailedError("This document is from an earlier session. Open it again from the experience.")
        return self._texts[uri]


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # outputs are for the user alone
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    _remove_oldest(path.parent)
    return path


def _remove_oldest(folder: Path) -> None:
    """Keep the newest documents. Another server may remove some, too."""
    with contextlib.suppress(OSError):
        with os.scandir(folder) as entries:
            written = sorted((entry.stat().st_mtime_ns, entry.path) for entry in entries)
        for _, path in written[:-_MOST]:
            Path(path).unlink(missing_ok=True)
