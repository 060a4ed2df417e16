"""The message at the end of a run that was started here, with what can be done next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from engine.log.reading.summary import RunState, RunSummary
from oe_lsp.ide.runs.run_text import end_sentence
from oe_lsp.runs.follow import FollowedRun
from oe_lsp.server.session.client_capabilities import Capabilities
from oe_lsp.server.session.viewer import Viewer
from oe_lsp.server.transport.client import Client
from oe_lsp.server.transport.uris import uri_of

RESUME = "Resume"
SHOW_FAILURE = "Show failure"
OPEN_LOG = "Open log"

_KINDS = {
    RunState.FAILURE: types.MessageType.Error,
    RunState.INTERRUPTED: types.MessageType.Error,
    RunState.WAITING: types.MessageType.Warning,
}


class RunEndMessage:
    """`resume` starts a resume of a run, from the URI of its experience and its id."""

    def __init__(
        self,
        client: Client,
        viewer: Viewer,
        capabilities: Capabilities,
        resume: Callable[[str, str], Awaitable[Any]],
    ) -> None:
        self._client = client
        self._viewer = viewer
        self._capabilities = capabilities
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
                await self._viewer.open_vertex(uri, summary.failed_at or "")
            elif action == OPEN_LOG:
                await self._viewer.open(uri_of(run.store.log(run.run_id)))
        except JsonRpcException as error:
            self._client.show(types.MessageType.Error, str(error))
