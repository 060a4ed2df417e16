"""`textDocument/inlayHint`: how each node went in the shown run."""

from __future__ import annotations

from datetime import datetime, timezone

from lsprotocol import types

from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.runs.node_hints import node_hints
from oe_lsp.server.session.session import Session


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
