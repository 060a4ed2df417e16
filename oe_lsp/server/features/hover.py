"""`textDocument/hover`."""

from __future__ import annotations

from lsprotocol import types

from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.hover.hover import hover as hover_at
from oe_lsp.server.session.session import Session


def hover(session: Session, snapshot: Snapshot, params: types.HoverParams) -> types.Hover | None:
    """What the key, node, field, path, condition or value at a position means."""
    at = session.positions(snapshot.analysis.lines)
    found = hover_at(snapshot, at.offset(params.position))
    if found is None:
        return None
    if session.capabilities.hover_markdown:
        content = types.MarkupContent(types.MarkupKind.Markdown, found.markdown)
    else:
        content = types.MarkupContent(types.MarkupKind.PlainText, found.text)
    return types.Hover(content, at.range(found.span))
