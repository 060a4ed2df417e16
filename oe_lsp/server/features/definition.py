"""`textDocument/definition`."""

from __future__ import annotations

from lsprotocol import types

from engine.syntax import LineIndex
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.navigation import Target, definitions
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.uris import uri_beside


def definition(
    session: Session, snapshot: Snapshot, params: types.DefinitionParams
) -> list[types.Location] | list[types.LocationLink]:
    """Where the name at a position is declared; for a file name, the file."""
    offset = session.positions(snapshot.analysis.lines).offset(params.position)
    found = definitions(snapshot, offset, session.documents.files(snapshot.uri))
    links = [_link(session, snapshot, target) for target in found]
    if session.capabilities.definition_links:
        return links
    return [types.Location(link.target_uri, link.target_selection_range) for link in links]


def _link(session: Session, snapshot: Snapshot, target: Target) -> types.LocationLink:
    here = session.positions(snapshot.analysis.lines)
    file = target.file
    there = session.positions(LineIndex(file.text)) if file else here
    return types.LocationLink(
        target_uri=uri_beside(snapshot.uri, file.path) if file else snapshot.uri,
        target_range=there.range(target.whole),
        target_selection_range=there.range(target.name),
        origin_selection_range=here.range(target.origin),
    )
