"""`textDocument/rename` and `textDocument/prepareRename`."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types

from engine.experience.files.port import Files
from engine.syntax import LineIndex
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.rename import Edit, Refusal, Rename, renamable_at
from oe_lsp.ide.rename import rename as find_edits
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.errors import RequestFailedError
from oe_lsp.server.transport.positions import Positions
from oe_lsp.server.transport.uris import uri_beside


def prepare_rename(session: Session, snapshot: Snapshot, params: types.PrepareRenameParams) -> types.Range | None:
    """The name at a position, if it can be changed."""
    at = session.positions(snapshot.analysis.lines)
    span = renamable_at(snapshot, at.offset(params.position))
    return at.range(span) if span else None


def rename(session: Session, snapshot: Snapshot, params: types.RenameParams) -> types.WorkspaceEdit:
    """The edits that change a name everywhere. Raises RequestFailedError, with the reason, where it cannot change."""
    files = session.documents.files(snapshot.uri)
    offset = session.positions(snapshot.analysis.lines).offset(params.position)
    found = find_edits(snapshot, offset, params.new_name, files)
    if isinstance(found, Refusal):
        raise RequestFailedError(found.message)
    return _workspace_edit(session, snapshot, found, files)


def _workspace_edit(session: Session, snapshot: Snapshot, found: Rename, files: Files) -> types.WorkspaceEdit:
    """With the document's version where the client checks it, so that an outdated edit is not applied."""
    here = _text_edits(session.positions(snapshot.analysis.lines), found.here)
    others = {
        uri_beside(snapshot.uri, path): _text_edits(session.positions(LineIndex(files.text(path) or "")), edits)
        for path, edits in found.in_prompts.items()
    }
    if not session.capabilities.versioned_edits:
        return types.WorkspaceEdit(changes={snapshot.uri: here, **others})
    documents = [(snapshot.uri, snapshot.version, here), *((uri, None, edits) for uri, edits in others.items())]
    return types.WorkspaceEdit(
        document_changes=[
            types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(uri, version), edits)
            for uri, version, edits in documents
        ]
    )


def _text_edits(at: Positions, edits: Iterable[Edit]) -> list[types.TextEdit]:
    return [types.TextEdit(at.range(edit.span), edit.text) for edit in edits]
