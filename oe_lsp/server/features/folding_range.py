"""`textDocument/foldingRange`."""

from __future__ import annotations

from lsprotocol import types

from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.folding import folds
from oe_lsp.server.session.session import Session


def folding_range(
    session: Session,
    snapshot: Snapshot,
    _: types.FoldingRangeParams,
) -> list[types.FoldingRange]:
    """What can be folded, in whole lines."""
    return [
        types.FoldingRange(
            start_line=fold.first_line,
            end_line=fold.last_line,
            kind=types.FoldingRangeKind.Comment if fold.is_comment else None,
        )
        for fold in folds(snapshot, session.capabilities.max_folds)
    ]
