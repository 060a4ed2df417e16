"""Opens files in the editor, with a place in them selected."""

from __future__ import annotations

from lsprotocol import types

from engine.regular_files import read_text
from engine.syntax import MAX_FILE_BYTES, Encoding, LineIndex, parse
from oe_lsp.ide.document.vertex_places import vertex_places
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.session.thread_calls import OverdueError, call_in_thread
from oe_lsp.server.transport.client import Client
from oe_lsp.server.transport.errors import RequestFailedError
from oe_lsp.server.transport.positions import Positions
from oe_lsp.server.transport.uris import path_of

_FIRST_LINE = types.Range(types.Position(0, 0), types.Position(0, 0))


class Viewer:
    """For clients with `window.showDocument`. Positions are in units of `encoding`."""

    def __init__(self, client: Client, documents: Documents, encoding: Encoding) -> None:
        self._client = client
        self._documents = documents
        self._encoding = encoding

    async def open(self, uri: str, selection: types.Range | None = None) -> None:
        """Open a file. Raises JsonRpcException where the client cannot."""
        params = types.ShowDocumentParams(uri, external=False, take_focus=True, selection=selection)
        await self._client.request(types.WINDOW_SHOW_DOCUMENT, params)

    async def open_vertex(self, uri: str, vertex: str) -> None:
        """Open an experience with the id of a node, pipeline or loop selected, or its first line where that is gone.

        Raises RequestFailedError where it cannot be read, and as `open` does.
        """
        text = self._documents.text(uri)
        try:
            selection = await call_in_thread(lambda: _find(uri, text, vertex, self._encoding))
        except OverdueError:
            selection = _FIRST_LINE
        await self.open(uri, selection)


def _find(uri: str, text: str | None, vertex: str, encoding: Encoding) -> types.Range:
    if text is None:
        path = path_of(uri)
        try:
            text = "" if path is None else read_text(path, MAX_FILE_BYTES)
        except (OSError, UnicodeDecodeError) as error:
            raise RequestFailedError(f"{path} cannot be read: {error}") from error
    place = next((place for place in vertex_places(parse(text).root) if place.id == vertex), None)
    return Positions(LineIndex(text), encoding).range(place.name_span) if place else _FIRST_LINE
