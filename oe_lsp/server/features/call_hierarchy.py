"""The call hierarchy of nodes: what runs right before and right after one, by edge or by data."""

from __future__ import annotations

from lsprotocol import types

from oe_lsp.ide.call_hierarchy import Vertex, downstream, upstream, vertex_at
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.positions import Positions


def prepare(
    session: Session, snapshot: Snapshot, params: types.CallHierarchyPrepareParams
) -> list[types.CallHierarchyItem] | None:
    """The node, pipeline or loop at a position."""
    at = session.positions(snapshot.analysis.lines)
    vertex = vertex_at(snapshot, at.offset(params.position))
    return [_item(snapshot, vertex, at)] if vertex else None


def incoming_calls(
    session: Session, snapshot: Snapshot, params: types.CallHierarchyIncomingCallsParams
) -> list[types.CallHierarchyIncomingCall]:
    """What runs right before a node."""
    at = session.positions(snapshot.analysis.lines)
    return [
        types.CallHierarchyIncomingCall(_item(snapshot, call.vertex, at), [at.range(span) for span in call.sites])
        for call in upstream(snapshot, params.item.name)
    ]


def outgoing_calls(
    session: Session, snapshot: Snapshot, params: types.CallHierarchyOutgoingCallsParams
) -> list[types.CallHierarchyOutgoingCall]:
    """What runs right after a node."""
    at = session.positions(snapshot.analysis.lines)
    return [
        types.CallHierarchyOutgoingCall(_item(snapshot, call.vertex, at), [at.range(span) for span in call.sites])
        for call in downstream(snapshot, params.item.name)
    ]


def _item(snapshot: Snapshot, vertex: Vertex, at: Positions) -> types.CallHierarchyItem:
    return types.CallHierarchyItem(
        name=vertex.id,
        kind=types.SymbolKind.Function,
        uri=snapshot.uri,
        range=at.range(vertex.span),
        selection_range=at.range(vertex.id_span),
        detail=vertex.detail,
    )
