"""The message at the end of a run that was started here, with what can be done next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from engine.log.reading.summary import RunState, RunSummary
from engine.regular_files import read_text
from engine.syntax import MAX_FILE_BYTES, Encoding, LineIndex, parse
from oe_lsp.ide.document_symbols import vertex_symbol
from oe_lsp.ide.runs.run_text import end_sentence
from oe_lsp.runs.follow import FollowedRun
from oe_lsp.server.session.client_capabilities import Capabilities
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.session.thread_calls import OverdueError, call_in_thread
from oe_lsp.server.transport.client import Client
from oe_lsp.server.transport.errors import RequestFailedError
from oe_lsp.server.transport.positions import Positions
from oe_lsp.server.transport.uris import path_of, uri_of

RESUME = "Resume"
SHOW_FAILURE = "Show failure"
OPEN_LOG = "Open log"

_KINDS = {
    RunState.FAILURE: types.MessageType.Error,
    RunState.INTERRUPTED: types.MessageType.Error,
    RunState.WAITING: types.MessageType.Warning,
}

_FIRST_LINE = types.Range(types.Position(0, 0), types.Position(0, 0))


class RunEndMessage:
    """`resume` starts a resume of a run, from the URI of its experience and its id."""

    def __init__(
        self,
        client: Client,
        documents: Documents,
        capabilities: Capabilities,
        encoding: Encoding,
        resume: Callable[[str, str], Awaitable[Any]],
    ) -> None:
        self._client = client
        self._documents = documents
        self._capabilities = capabilities
        self._encoding = encoding
        self._resume = resume

    async def show(self, run: FollowedRun, uri: str) -> None:
        """Show how a run of the experience at `uri` ended, and do what the user chooses."""
        summary = run.summary(alive=False)
        if summary is None or self._capabilities.options.notifies_run_end:
            return
        kind = _KINDS.get(summary.state, types.MessageType.Info)
        actions = self._actions(summary)
        if not actions:
            self._client.show(kind, end_sentence(summary))
            return
        items = [types.MessageActionItem(title) for title in actions]
        question = types.ShowMessageRequestParams(kind, end_sentence(summary), items)
        try:
            answer = await self._client.request(types.WINDOW_SHOW_MESSAGE_REQUEST, question)
        except JsonRpcException:
            self._client.show(kind, end_sentence(summary))
            return
        if answer is not None:
            await self._act(answer.title, run, summary, uri)

    def _actions(self, run: RunSummary) -> list[str]:
        """What to offer after a run that did not reach its end: a question may interrupt whoever is typing."""
        if run.state not in _KINDS or not self._capabilities.message_actions:
            return []
        shows = self._capabilities.shows_documents
        return [
            RESUME,
            *([SHOW_FAILURE] if shows and run.failed_at is not None else []),
            *([OPEN_LOG] if shows else []),
        ]

    async def _act(self, action: str, run: FollowedRun, summary: RunSummary, uri: str) -> None:
        try:
            if action == RESUME:
                await self._resume(uri, run.run_id)
            elif action == SHOW_FAILURE:
                await self._open(uri, await self._range_of(uri, summary.failed_at or ""))
            elif action == OPEN_LOG:
                await self._open(uri_of(run.store.log(run.run_id)), None)
        except JsonRpcException as error:
            self._client.show(types.MessageType.Error, str(error))

    async def _open(self, uri: str, selection: types.Range | None) -> None:
        params = types.ShowDocumentParams(uri, external=False, take_focus=True, selection=selection)
        await self._client.request(types.WINDOW_SHOW_DOCUMENT, params)

    async def _range_of(self, uri: str, vertex: str) -> types.Range:
        """The id of a node, pipeline or loop; the first line where it is gone. Raises RequestFailedError."""
        text = self._documents.text(uri)
        try:
            return await call_in_thread(lambda: _find(uri, text, vertex, self._encoding))
        except OverdueError:
            return _FIRST_LINE


def _find(uri: str, text: str | None, vertex: str, encoding: Encoding) -> types.Range:
    if text is None:
        path = path_of(uri)
        try:
            text = "" if path is None else read_text(path, MAX_FILE_BYTES)
        except (OSError, UnicodeDecodeError) as error:
            raise RequestFailedError(f"{path} cannot be read: {error}") from error
    symbol = vertex_symbol(parse(text).root, vertex)
    return Positions(LineIndex(text), encoding).range(symbol.name_span) if symbol else _FIRST_LINE
