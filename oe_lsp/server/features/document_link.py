"""`textDocument/documentLink`."""

from __future__ import annotations

from lsprotocol import types

from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.document_links import links
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.uris import path_of, uri_beside


def document_link(
    session: Session,
    snapshot: Snapshot,
    _: types.DocumentLinkParams,
) -> list[types.DocumentLink]:
    """The files that a document names."""
    if path_of(snapshot.uri) is None:
        return []
    at = session.positions(snapshot.analysis.lines)
    return [
        types.DocumentLink(
            range=at.range(link.span),
            target=uri_beside(snapshot.uri, link.path),
            tooltip=link.tooltip if session.capabilities.link_tooltips else None,
        )
        for link in links(snapshot, session.documents.files(snapshot.uri))
    ]
