"""`textDocument/selectionRange`."""

from __future__ import annotations

from lsprotocol import types

from engine.syntax import Span
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.selection_ranges import selections
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.positions import Positions


def selection_range(
    session: Session, snapshot: Snapshot, params: types.SelectionRangeParams
) -> list[types.SelectionRange]:
    """For each position, the nested ranges from the innermost to the whole text."""
    at = session.positions(snapshot.analysis.lines)
    return [_nested(selections(snapshot, at.offset(position)), at) for position in params.positions]


def _nested(spans: tuple[Span, ...], at: Positions) -> types.SelectionRange:
    outer: types.SelectionRange | None = None
    for span in reversed(spans):
        outer = types.SelectionRange(at.range(span), outer)
    assert outer is not None, "the whole text is always one"
    return outer
