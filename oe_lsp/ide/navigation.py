"""Go to definition, find references, and document highlights."""

from __future__ import annotations

from msgspec import Struct

from engine.experience.files.port import Files
from engine.syntax import Span, View
from oe_lsp.ide.document.cursor import Part, cursor_in
from oe_lsp.ide.document.file_targets import FileLocation, location_in_child, location_in_file
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.names.symbol_index import Access, Occurrence, entity_at, occurrences, occurrences_in_prompts
from oe_lsp.ide.names.symbol_references import EntityKind
from oe_lsp.ide.names.value_origins import origin_at


class Target(Struct, frozen=True):
    """A definition. `origin` is the name in the document that leads to it; `file` is None for the same document.

    `whole` is the span of the declaration, `name` that of its name.
    """

    origin: Span
    whole: Span
    name: Span
    file: FileLocation | None = None


class References(Struct, frozen=True):
    """The occurrences of an entity: in the document, and in prompt files by path."""

    here: tuple[Occurrence, ...]
    in_prompts: dict[str, tuple[Occurrence, ...]]


def definitions(snapshot: Snapshot, offset: int, files: Files) -> tuple[Target, ...]:
    """Return the declarations of the name at `offset`; several if it is declared more than once. Reads named files.

    `$item` and the like lead to the source of the items, an alias to its anchor, the args and outputs of a nested
    experience to their declaration there.
    """
    root = snapshot.analysis.tree.root
    cursor = cursor_in(root, offset)
    if root is None or cursor is None:
        return ()
    if (inner := location_in_child(cursor, snapshot.analysis, files)) is not None:
        return (Target(cursor.view.span, inner.span, inner.span, inner),)
    found = entity_at(root, offset)
    if found is None:
        origin = origin_at(root, cursor)
        return (Target(origin[0], origin[1].span, origin[1].span),) if origin else ()
    entity, name = found
    if entity.kind is EntityKind.FILE:
        place = location_in_file(cursor.view, cursor.item, files)
        return (Target(name, place.span, place.span, place),) if place else ()
    declared = (each for each in occurrences(root, entity) if each.access is Access.DECLARES)
    return tuple(Target(name, _whole(root, each.span), each.span) for each in declared)


def references(snapshot: Snapshot, offset: int, files: Files, *, with_declaration: bool) -> References | None:
    """Return all occurrences of the name at `offset`, or None if there is no name. Reads prompt files."""
    root = snapshot.analysis.tree.root
    found = entity_at(root, offset)
    if found is None:
        return None
    entity, _ = found
    here = occurrences(root, entity)
    listed = tuple(each for each in here if with_declaration or each.access is not Access.DECLARES)
    return References(listed, occurrences_in_prompts(root, entity, files.text))


def highlights(snapshot: Snapshot, offset: int) -> tuple[Occurrence, ...]:
    """Return the occurrences, in the document, of the name at `offset`."""
    root = snapshot.analysis.tree.root
    found = entity_at(root, offset)
    return occurrences(root, found[0]) if found else ()


def _whole(root: View, name: Span) -> Span:
    """Return the span of the whole declaration: the entry whose key the name is, or the item whose id."""
    cursor = cursor_in(root, name.start)
    if cursor is None:
        return name
    if cursor.part is Part.KEY:
        entries = (entry.span for entry in cursor.ancestors[-1].entries() if entry.key == cursor.view)
        return next(entries, name)
    return cursor.item.span if cursor.item else name
