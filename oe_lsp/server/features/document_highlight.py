"""`textDocument/documentHighlight`."""

from __future__ import annotations

from lsprotocol import types

from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.names.symbol_index import Access
from oe_lsp.ide.navigation import highlights
from oe_lsp.server.session.session import Session

_KINDS = {
    Access.DECLARES: types.DocumentHighlightKind.Write,
    Access.WRITES: types.DocumentHighlightKind.Write,
    Access.READS: types.DocumentHighlightKind.Read,
}


def document_highlight(
    session: Session, snapshot: Snapshot, params: types.DocumentHighlightParams
) -> list[types.DocumentHighlight]:
    """Every occurrence in the document of the name at a position."""
    at = session.positions(snapshot.analysis.lines)
    found = highlights(snapshot, at.offset(params.position))
    return [types.DocumentHighlight(at.range(each.span), _KINDS[each.access]) for each in found]
