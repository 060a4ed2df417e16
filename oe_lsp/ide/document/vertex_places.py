"""The places of a graph's vertices in the text: nodes, pipelines and loops, by their ids. Works on any text."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from engine.syntax import NodeKind, Span, View
from oe_lsp.ide.document.items import NODES, VERTICES, items_at, text_at


class VertexPlace(Struct, frozen=True):
    """A vertex: the span of its `id`, and of all of it. `kind` is that of a node, None for a pipeline or loop."""

    id: str
    name_span: Span
    span: Span
    kind: str | None


def vertex_places(root: View | None) -> Iterator[VertexPlace]:
    """Yield each vertex with an id, list by list; two may have the same."""
    if root is None:
        return
    for place in VERTICES:
        for item in items_at(root, place):
            id_ = item.view.get("id")
            if id_ is not None and id_.kind is NodeKind.SCALAR and str(id_.value).strip():
                kind = (text_at(item.view, "kind") or "") if place == NODES else None
                yield VertexPlace(str(id_.value), id_.span, item.view.span, kind)
