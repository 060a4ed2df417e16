"""`textDocument/inlayHint` and `inlayHint/resolve`: how each node went in the shown run; as a tooltip, at length."""

from __future__ import annotations

from datetime import datetime, timezone

from lsprotocol import types

from oe_lsp.ide import markdown
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.hover.run_facts import describe_node_run
from oe_lsp.ide.runs.node_hints import node_hints
from oe_lsp.server.features.hover import shown_runs
from oe_lsp.server.session.present_secrets import present_secrets
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.uris import uri_of


def inlay_hint(session: Session, snapshot: Snapshot, params: types.InlayHintParams) -> list[types.InlayHint]:
    """The hints in a range of the text."""
    run = session.shown.get(snapshot.uri)
    if run is None:
        return []
    root, at = snapshot.analysis.tree.root, session.positions(snapshot.analysis.lines)
    start, end = at.offset(params.range.start), at.offset(params.range.end)
    return [
        types.InlayHint(
            position=at.position(hint.offset),
            label=hint.label,
            padding_left=True,
            data={"uri": snapshot.uri, "nodeId": hint.node_id, "runId": run.summary.run_id},
        )
        for hint in node_hints(root, run, datetime.now(timezone.utc))
        if start <= hint.offset <= end
    ]


async def resolve(session: Session, hint: types.InlayHint) -> types.InlayHint:
    """The hint with a tooltip: what a hover says of the run; without one where the text shows another run by now."""
    data = hint.data if isinstance(hint.data, dict) else {}
    uri, node_id, run_id = (data.get(name) for name in ("uri", "nodeId", "runId"))
    if isinstance(uri, str) and isinstance(node_id, str):
        hint.tooltip = await session.documents.ask(uri, lambda found: _tooltip(session, found, node_id, run_id))
    return hint


def _tooltip(session: Session, snapshot: Snapshot, node_id: str, run_id: object) -> types.MarkupContent | str | None:
    runs = shown_runs(session, snapshot.uri)
    if runs is None or runs.run.summary.run_id != run_id:
        return None
    text = present_secrets(snapshot, runs.store.directory).masked(describe_node_run(node_id, runs))
    if not session.capabilities.hover_markdown:
        return markdown.plain(text)
    log = uri_of(runs.store.log(runs.run.summary.run_id))
    return types.MarkupContent(types.MarkupKind.Markdown, markdown.paragraphs([text, f"[Open log]({log})"]))
