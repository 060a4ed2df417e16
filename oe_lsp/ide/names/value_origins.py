"""Origins of values without a name of their own: `$item`, `$iter` and the like, and YAML aliases."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.experience.source.locate import Steps
from engine.expressions import Root
from engine.syntax import NodeKind, Span, View
from oe_lsp.ide.document.cursor import Cursor
from oe_lsp.ide.document.items import LOOPS, PIPELINES, items_at, text_at
from oe_lsp.ide.names.symbol_references import paths_in


def origin_at(root: View, cursor: Cursor) -> tuple[Span, View] | None:
    """Return the span of the `$item` or alias at a cursor and the value it stands for, or None."""
    if cursor.view.kind is NodeKind.ALIAS:
        anchored = _anchored(root, cursor.view)
        return (cursor.view.span, anchored) if anchored else None
    for path, span in paths_in(cursor.steps, cursor.view):
        name = Span(span.start, span.start + len(path.root.value))
        if name.contains(cursor.offset):
            source = _source(root, path.root, cursor.item)
            return (name, source) if source else None
    return None


def _source(root: View, kind: Root, node: View | None) -> View | None:
    """Return the source of a node's items, or the pipeline or loop that runs it."""
    id_ = text_at(node, "id")
    if kind in (Root.ITEM, Root.INDEX):
        each = node.get("for_each") if node else None
        source = each.get("source") if each else None
        return source or _first(pipeline.get("items") for pipeline in _owners(root, PIPELINES, "stages", id_))
    if kind is Root.PIPELINE:
        return _first(pipeline.get("id") for pipeline in _owners(root, PIPELINES, "stages", id_))
    if kind in (Root.ITER, Root.LOOP):
        # In `until`, the enclosing item is the loop itself.
        loop = node if node is not None and node.get("body") else None
        return loop.get("id") if loop else _first(each.get("id") for each in _owners(root, LOOPS, "body", id_))
    return None


def _owners(root: View, place: Steps, key: str, id_: str | None) -> Iterator[View]:
    """Yield the pipelines or loops that run a node."""
    for item in items_at(root, place):
        run = item.view.get(key)
        value = run.value if run else None
        if id_ is not None and (value == id_ or (isinstance(value, list) and id_ in value)):
            yield item.view


def _first(found: Iterator[View | None]) -> View | None:
    return next((view for view in found if view is not None), None)


def _anchored(root: View, alias: View) -> View | None:
    """Return the last value before an alias with its anchor."""
    text, name = root.text, re.escape(alias.alias_name or "")
    before = text[: alias.start - root.start]
    for found in reversed(list(re.finditer(rf"&{name}(?=[\s,\]}}])", before))):
        start = root.start + found.start()
        carrier = next((view for view in root.path_to(start + 1) if view.start == start), None)
        if carrier is not None:
            return carrier
    return None
