"""From a name to where it is declared and to all that names it: definition, references and document highlight."""

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
    """Where a name leads. `origin` is the name; `file` is None where it leads to a place in the same document.

    `whole` is what is declared there, and `name` the stretch in it that names it.
    """

    origin: Span
    whole: Span
    name: Span
    file: FileLocation | None = None


class References(Struct, frozen=True):
    """All that names an entity: in the document, and by path in the files of prompts."""

    here: tuple[Occurrence, ...]
    in_prompts: dict[str, tuple[Occurrence, ...]]


def definitions(snapshot: Snapshot, offset: int, files: Files) -> tuple[Target, ...]:
    """Where what is named at `offset` is declared: each place, where it is declared twice. Looks at named files.

    Of `$item` and its like it is where the items come from, of an alias what it repeats; of what a nested experience is
    given or gives, where that declares it.
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
    """All that names what is named at `offset`; None where nothing is. Reads the files of prompts."""
    root = snapshot.analysis.tree.root
    found = entity_at(root, offset)
    if found is None:
        return None
    entity, _ = found
    here = occurrences(root, entity)
    wanted = tuple(each for each in here if with_declaration or each.access is not Access.DECLARES)
    return References(wanted, occurrences_in_prompts(root, entity, files.text))


def highlights(snapshot: Snapshot, offset: int) -> tuple[Occurrence, ...]:
    """Everything in the document that names what is named at `offset`, and whether it writes or reads it."""
    root = snapshot.analysis.tree.root
    found = entity_at(root, offset)
    return occurrences(root, found[0]) if found else ()


def _whole(root: View, name: Span) -> Span:
    """All of what a name declares: the entry whose key it is, or the item whose id."""
    cursor = cursor_in(root, name.start)
    if cursor is None:
        return name
    if cursor.part is Part.KEY:
        entries = (entry.span for entry in cursor.ancestors[-1].entries() if entry.key == cursor.view)
        return next(entries, name)
    return cursor.item.span if cursor.item else name
