"""Document links: the files that nodes name. Missing files are no links; the checker reports them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from engine.experience.checks.named_files import split_impl
from engine.experience.files.port import Files
from engine.syntax import Span
from oe_lsp.ide.document.cursor import cursor_in
from oe_lsp.ide.document.file_targets import referenced_file
from oe_lsp.ide.document.items import NODES, items_at, text_at
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.names.symbol_index import mentions_in_item
from oe_lsp.ide.names.symbol_references import EntityKind


class Link(Struct, frozen=True):
    """A span that opens a file. `path` is relative to the experience's folder."""

    span: Span
    path: str
    tooltip: str


def links(snapshot: Snapshot, files: Files) -> Iterator[Link]:
    """Yield a link for each existing file that a node names, in the order of the text."""
    for item in items_at(snapshot.analysis.tree.root, NODES):
        for named in mentions_in_item(item):
            if named.kind is not EntityKind.FILE:
                continue
            cursor = cursor_in(item.view, named.span.start + item.view.start)
            value = cursor.view.value if cursor else None
            path = referenced_file(value, item.view, files) if isinstance(value, str) else None
            if cursor is None or path is None:
                continue
            key = str(cursor.steps[0])
            label = _LABELS.get(key) or _LABELS.get(text_at(item.view, "kind") or "") or "file"
            length = len(split_impl(str(value))[0]) - len(str(value)) if key == "impl" else 0
            span = named.span.shift(item.view.start)
            yield Link(Span(span.start, span.end + length), path, f"Open {label}")


_LABELS = {
    "prompt": "prompt",
    "schema": "schema",
    "source": "data",
    "tool": "tool code",
    "skill": "skill",
    "experience": "nested experience",
}
