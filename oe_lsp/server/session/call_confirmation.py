"""Asks before a run that may make many calls of models and coding agents, or that lacks something on this machine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from engine.cli.output.preview_text import estimate_text, need_lines
from engine.experience.model import Kind
from engine.runner.preview import Preview
from engine.scheduler.slots import LLM_KINDS
from engine.visible import visible
from oe_lsp.runs.preview import read_preview
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.session.preconditions import Ask, Start
from oe_lsp.server.transport.client import Client
from oe_lsp.server.transport.errors import RequestFailedError

_RUN = "Run"
_CANCEL = "Cancel"
_MAY_CALL = LLM_KINDS | {Kind.EXPERIENCE}


class CallConfirmation:
    """A precondition. `most_unasked` returns how many calls the user allows without being asked."""

    def __init__(self, client: Client, documents: Documents, most_unasked: Callable[[], int]) -> None:
        self._client = client
        self._documents = documents
        self._most_unasked = most_unasked

    async def check(self, start: Start) -> Ask | None:
        """See Precondition. An experience without models and agents costs nothing, and no time here."""
        if not await self._may_call(start.uri):
            return None
        try:
            preview = await read_preview(start.command)
        except OSError as error:
            raise RequestFailedError(f"The engine could not be started: {error}") from error
        if preview is None or any(need.stops for need in preview.needs):
            return None  # the engine refuses this run, with a message of its own
        few = preview.estimate.most <= self._most_unasked() and not preview.estimate.open
        return None if few and not preview.needs else partial(self._ask, start, preview)

    async def _may_call(self, uri: str) -> bool:
        snapshot = await self._documents.snapshot(uri)
        if snapshot is None or snapshot.analysis.experience is None:
            return True
        return any(node.kind in _MAY_CALL for node in snapshot.analysis.experience.nodes)

    async def _ask(self, start: Start, preview: Preview) -> Start | None:
        """A client that cannot ask is told: a terminal that cannot ask goes on, too."""
        text = visible(_text(start, preview))
        actions = [types.MessageActionItem(_RUN), types.MessageActionItem(_CANCEL)]
        question = types.ShowMessageRequestParams(types.MessageType.Warning, text, actions)
        try:
            answer = await self._client.request(types.WINDOW_SHOW_MESSAGE_REQUEST, question)
        except JsonRpcException:
            self._client.show(types.MessageType.Warning, text)
            return start
        return start if answer is not None and answer.title == _RUN else None


def _text(start: Start, preview: Preview) -> str:
    """`This resume may make up to 46 model calls (…). …`, then a line for each thing that is missing."""
    lines = []
    if preview.estimate.most or preview.estimate.open:
        lines.append(f"This {start.command[0]} may make {estimate_text(preview.estimate)}")
    if preview.needs:
        lines += ["Missing on this machine, for nodes that may run:", *need_lines(preview.needs)]
    return "\n".join(lines)
