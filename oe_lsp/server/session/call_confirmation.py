"""Asks before a run that may make many calls of models and coding agents, or that lacks something on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from engine.experience.model import Kind
from engine.runner.launch import EngineRefusedError, plan_json
from engine.scheduler.slots import LLM_KINDS
from oe_lsp.ide.runs.shown_run import ShownRun
from oe_lsp.ide.runs.start_preview import StartPreview, start_question
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.session.preconditions import Ask, Start
from oe_lsp.server.transport.client import Client
from oe_lsp.server.transport.errors import RequestFailedError

_RUN = "Run"
_CANCEL = "Cancel"
_MAY_CALL = LLM_KINDS | {Kind.EXPERIENCE}


class CallConfirmation:
    """A precondition. `most_unasked` returns how many calls the user allows without being asked, `shown` the run that
    an experience shows.
    """

    def __init__(
        self,
        client: Client,
        documents: Documents,
        shown: Callable[[str], ShownRun | None],
        most_unasked: Callable[[], int],
    ) -> None:
        self._client = client
        self._documents = documents
        self._shown = shown
        self._most_unasked = most_unasked

    async def check(self, start: Start) -> Ask | None:
        """See Precondition. An experience without models and agents costs nothing, and no time here."""
        if not await self._may_call(start.uri):
            return None
        preview = self._known(start) or await _read(start)
        if preview is None:
            return None  # the engine refuses this run, with a message of its own
        text = start_question(preview, start.command[0], self._most_unasked())
        return None if text is None else partial(self._ask, start, text)

    def _known(self, start: Start) -> StartPreview | None:
        """That of a resume by the plan that the lens tells: no engine is asked again, and the click is not delayed."""
        shown = self._shown(start.uri)
        plan = shown.plan if shown is not None else None
        return plan.preview if plan is not None and f"--expect={plan.digest}" in start.command else None

    async def _may_call(self, uri: str) -> bool:
        snapshot = await self._documents.snapshot(uri)
        if snapshot is None or snapshot.analysis.experience is None:
            return True
        return any(node.kind in _MAY_CALL for node in snapshot.analysis.experience.nodes)

    async def _ask(self, start: Start, text: str) -> Start | None:
        """A client that cannot ask is told: a terminal that cannot ask goes on, too."""
        actions = [types.MessageActionItem(_RUN), types.MessageActionItem(_CANCEL)]
        question = types.ShowMessageRequestParams(types.MessageType.Warning, text, actions)
        try:
            answer = await self._client.request(types.WINDOW_SHOW_MESSAGE_REQUEST, question)
        except JsonRpcException:
            self._client.show(types.MessageType.Warning, text)
            return start
        return start if answer is not None and answer.title == _RUN else None


async def _read(start: Start) -> StartPreview | None:
    """Ask the engine. None where it refuses. Raises RequestFailedError where it cannot be started."""
    try:
        plan = await plan_json(start.command)
    except EngineRefusedError:
        return None
    except OSError as error:
        raise RequestFailedError(f"The engine could not be started: {error}") from error
    return await asyncio.to_thread(_decoded, plan)


def _decoded(plan: bytes) -> StartPreview:
    from oe_lsp.runs.preview import read_preview

    return read_preview(plan)
