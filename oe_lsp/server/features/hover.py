"""`textDocument/hover`."""

from __future__ import annotations

from datetime import datetime, timezone

from lsprotocol import types
from msgspec.structs import replace

from engine.file_names import writable
from engine.log.storage.run_store import RunStore
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.hover.hover import hover as hover_at
from oe_lsp.runs.run_histories import LogCache, StoredRuns
from oe_lsp.server.session.present_secrets import present_secrets
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.uris import path_of


def hover(session: Session, snapshot: Snapshot, params: types.HoverParams) -> types.Hover | None:
    """What the key, node, field, path, condition or value at a position means, and what runs say of it."""
    at = session.positions(snapshot.analysis.lines)
    runs = shown_runs(session, snapshot.uri)
    found = hover_at(snapshot, at.offset(params.position), runs)
    if found is None:
        return None
    if runs is not None:
        secrets = present_secrets(snapshot, runs.store.directory)
        found = replace(found, markdown=secrets.masked(found.markdown))
    if session.capabilities.hover_markdown:
        content = types.MarkupContent(types.MarkupKind.Markdown, found.markdown)
    else:
        content = types.MarkupContent(types.MarkupKind.PlainText, found.text)
    return types.Hover(content, at.range(found.span))


def shown_runs(session: Session, uri: str) -> StoredRuns | None:
    """What the logs beside an experience say; None where it shows no run."""
    path, run = path_of(uri), session.shown.get(uri)
    if path is None or run is None:
        return None
    now = datetime.now(timezone.utc)
    return StoredRuns(RunStore(path.parent), writable(path.name), run, session.state(LogCache), now)
