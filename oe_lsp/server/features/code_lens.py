"""`textDocument/codeLens`: run, resume and cancel, on the first line of an experience; at each agent its prompt."""

from __future__ import annotations

from datetime import datetime, timezone

from lsprotocol import types

from engine.syntax import Span
from oe_lsp.ide.runs.code_lens import Lens, LensAction, code_lenses
from oe_lsp.ide.runs.node_actions import prompt_places
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.errors import RequestFailedError
from oe_lsp.server.transport.names import CANCEL_RUN, PREVIEW_PROMPT, RESUME_RUN, RUN_EXPERIENCE, SHOW_PLAN
from oe_lsp.server.transport.uris import path_of

_COMMANDS = {
    LensAction.RUN: RUN_EXPERIENCE,
    LensAction.RESUME: RESUME_RUN,
    LensAction.WHY: SHOW_PLAN,
    LensAction.CANCEL: CANCEL_RUN,
}


async def code_lens(session: Session, params: types.CodeLensParams) -> list[types.CodeLens] | None:
    """The lenses of an experience; none for one that is not a file, such as an old version in a diff."""
    uri = params.text_document.uri
    if uri not in session.documents:
        return None
    if path_of(uri) is None:
        return []
    lenses = await run_lenses(session, uri, session.settings.lens_runs)
    return [*lenses, *await _prompt_lenses(session, uri)] if session.settings.lens_prompts else lenses


async def run_lenses(session: Session, uri: str, limit: int) -> list[types.CodeLens]:
    """The lenses on the first line, for at most `limit` of the latest runs."""
    try:
        runs = await session.runs.newest_whole(uri, limit)
    except RequestFailedError:
        runs = []  # running the experience then says why
    now, is_trusted = datetime.now(timezone.utc), session.capabilities.options.trusted is not False
    lenses = code_lenses(runs, now, limit, session.shown.get(uri), session.shown.needs(uri), is_trusted=is_trusted)
    first_line = (session.documents.text(uri) or "").partition("\n")[0]
    return [_to_lsp(lens, uri, min(number, len(first_line))) for number, lens in enumerate(lenses)]


async def _prompt_lenses(session: Session, uri: str) -> list[types.CodeLens]:
    snapshot = await session.documents.snapshot(uri)
    if snapshot is None:
        return []
    at = session.positions(snapshot.analysis.lines)
    return [
        types.CodeLens(
            at.range(Span(place.span.start, place.span.start)),
            types.Command("Preview prompt", PREVIEW_PROMPT, None, [uri, place.id]),
        )
        for place in prompt_places(snapshot.analysis.tree.root)
    ]


def _to_lsp(lens: Lens, uri: str, column: int) -> types.CodeLens:
    """A lens at a column of its own: not every client keeps the order of those that share a range."""
    place = types.Position(0, column)
    arguments: list[object] = [uri] if lens.run_id is None else [uri, lens.run_id]
    if lens.expect is not None:
        arguments.append({"expect": lens.expect})
    return types.CodeLens(
        types.Range(place, place), types.Command(lens.title, _COMMANDS[lens.action], arguments=arguments)
    )
