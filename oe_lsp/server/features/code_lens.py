"""`textDocument/codeLens`: run, resume and cancel, on the first line of an experience."""

from __future__ import annotations

from datetime import datetime, timezone

from lsprotocol import types

from oe_lsp.ide.runs.code_lens import Lens, LensAction, code_lenses
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.errors import RequestFailedError
from oe_lsp.server.transport.names import CANCEL_RUN, RESUME_RUN, RUN_EXPERIENCE
from oe_lsp.server.transport.uris import path_of

_COMMANDS = {LensAction.RUN: RUN_EXPERIENCE, LensAction.RESUME: RESUME_RUN, LensAction.CANCEL: CANCEL_RUN}
_FIRST_LINE = types.Range(types.Position(0, 0), types.Position(0, 0))


async def code_lens(session: Session, params: types.CodeLensParams) -> list[types.CodeLens] | None:
    """The lenses of an experience; none for one that is not a file, such as an old version in a diff."""
    uri = params.text_document.uri
    if uri not in session.documents:
        return None
    if path_of(uri) is None:
        return []
    limit = session.settings.lens_runs
    try:
        runs = await session.runs.newest(uri, limit)
    except RequestFailedError:
        runs = []  # running the experience then says why
    return [_to_lsp(lens, uri) for lens in code_lenses(runs, datetime.now(timezone.utc), limit)]


def _to_lsp(lens: Lens, uri: str) -> types.CodeLens:
    arguments = [uri] if lens.run_id is None else [uri, lens.run_id]
    return types.CodeLens(_FIRST_LINE, types.Command(lens.title, _COMMANDS[lens.action], arguments=arguments))
