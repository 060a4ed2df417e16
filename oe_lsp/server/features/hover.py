"""`textDocument/hover`."""

from __future__ import annotations

from datetime import datetime, timezone

from lsprotocol import types
from msgspec.structs import replace

from engine.file_names import writable
from engine.log.storage.run_store import RunStore
from engine.runner.secrets import environment_secrets
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.hover.hover import hover as hover_at
from oe_lsp.runs.run_histories import LogCache, StoredRuns
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.uris import path_of


def hover(session: Session, snapshot: Snapshot, params: types.HoverParams) -> types.Hover | None:
    """What the key, node, field, path, condition or value at a position means, and what runs say of it."""
    at = session.positions(snapshot.analysis.lines)
    runs = _runs(session, snapshot.uri)
    found = hover_at(snapshot, at.offset(params.position), runs)
    if found is None:
        return None
    if runs is not None:
        found = replace(found, markdown=_masked(found.markdown, snapshot, runs.store))
    if session.capabilities.hover_markdown:
        content = types.MarkupContent(types.MarkupKind.Markdown, found.markdown)
    else:
        content = types.MarkupContent(types.MarkupKind.PlainText, found.text)
    return types.Hover(content, at.range(found.span))


def _masked(text: str, snapshot: Snapshot, store: RunStore) -> str:
    """The text without what is a secret now; logs mask what was one when they were written."""
    experience = snapshot.analysis.experience
    return environment_secrets(experience.nodes if experience else (), str(store.directory)).masked(text)


def _runs(session: Session, uri: str) -> StoredRuns | None:
    """What the logs beside an experience say; None where it shows no run."""
    path, run = path_of(uri), session.shown.get(uri)
    if path is None or run is None:
        return None
    now = datetime.now(timezone.utc)
    return StoredRuns(RunStore(path.parent), writable(path.name), run, session.state(LogCache), now)
