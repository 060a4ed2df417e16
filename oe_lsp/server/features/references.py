"""`textDocument/references`."""

from __future__ import annotations

from lsprotocol import types

from engine.syntax import LineIndex
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.navigation import references as find_references
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.uris import uri_beside


def references(session: Session, snapshot: Snapshot, params: types.ReferenceParams) -> list[types.Location]:
    """Every occurrence of the name at a position, also in the prompt files that the experience names."""
    files = session.documents.files(snapshot.uri)
    at = session.positions(snapshot.analysis.lines)
    offset = at.offset(params.position)
    found = find_references(snapshot, offset, files, with_declaration=params.context.include_declaration)
    if found is None:
        return []
    places = [types.Location(snapshot.uri, at.range(each.span)) for each in found.here]
    for path, occurrences in found.in_prompts.items():
        uri, there = uri_beside(snapshot.uri, path), session.positions(LineIndex(files.text(path) or ""))
        places += [types.Location(uri, there.range(each.span)) for each in occurrences]
    return places
