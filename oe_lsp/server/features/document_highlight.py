"""`textDocument/documentHighlight`. Most editors ask it of each place where the cursor rests."""

from __future__ import annotations

from lsprotocol import types

from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.names.symbol_index import Access
from oe_lsp.ide.navigation import highlights
from oe_lsp.ide.runs.node_actions import vertex_on
from oe_lsp.server.session.session import Session

_KINDS = {
    Access.DECLARES: types.DocumentHighlightKind.Write,
    Access.WRITES: types.DocumentHighlightKind.Write,
    Access.READS: types.DocumentHighlightKind.Read,
}


async def document_highlight(
    session: Session, params: types.DocumentHighlightParams
) -> list[types.DocumentHighlight] | None:
    """Every occurrence in the document of the name at a position. The page of the run selects the node there."""
    uri, position = params.text_document.uri, params.position
    found = await session.documents.ask(uri, lambda snapshot: _around(session, snapshot, position))
    if found is None:
        return None
    shown, node_id = found
    session.pages.show_cursor(uri, node_id)
    return shown


def _around(
    session: Session, snapshot: Snapshot, position: types.Position
) -> tuple[list[types.DocumentHighlight], str | None]:
    """The highlights, and the node on the line."""
    at = session.positions(snapshot.analysis.lines)
    found = highlights(snapshot, at.offset(position))
    vertex = vertex_on(snapshot, position.line)
    shown = [types.DocumentHighlight(at.range(each.span), _KINDS[each.access]) for each in found]
    return shown, vertex.id if vertex is not None else None
