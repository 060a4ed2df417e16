"""Rename of nodes, fields, phases and args: every place in the experience and in the files of its prompts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import accumulate

from msgspec import Struct

from engine.experience.files.port import Files
from engine.syntax import LineIndex, NodeKind, Span, Style, Tree, View, parse
from oe_lsp.ide.document.cursor import Part, cursor_in
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.names.symbol_index import Access, Entity, entity_at, occurrences, occurrences_in_prompts
from oe_lsp.ide.names.symbol_references import EntityKind
from oe_lsp.ide.yaml_text import as_yaml


class Edit(Struct, frozen=True):
    """A stretch of a text, and what stands there afterwards."""

    span: Span
    text: str


class Rename(Struct, frozen=True):
    """What a rename changes: in the document, and by path in the files of prompts."""

    here: tuple[Edit, ...]
    in_prompts: Mapping[str, tuple[Edit, ...]]


class Refusal(Struct, frozen=True):
    """Why there is no rename, for the person who asked for it."""

    message: str


def renamable_at(snapshot: Snapshot, offset: int) -> Span | None:
    """The name at an offset, where it is one that can be changed; None for files, and for what is declared nowhere."""
    found = entity_at(snapshot.analysis.tree.root, offset)
    if found is None or not _is_declared(snapshot.analysis.tree.root, found[0]):
        return None
    return found[1]


def rename(snapshot: Snapshot, offset: int, name: str, files: Files) -> Rename | Refusal:
    """What gives another name to what is named at `offset`, everywhere. Reads the files of prompts.

    Refused where something else has that name, where the new text would not say the same as the old one, and where the
    old name stands in text that could not be read.
    """
    root = snapshot.analysis.tree.root
    found = entity_at(root, offset)
    if root is None or found is None or not _is_declared(root, found[0]):
        return Refusal("Only nodes, pipelines, loops, fields, phases and args can be renamed, where they are declared.")
    entity, _ = found
    if _is_declared(root, Entity(entity.kind, name, entity.owner)):
        return Refusal(f"`{name}` exists already. Choose another name for `{entity.name}`.")
    edits = [Edit(each.span, _written(root, each.span, name)) for each in occurrences(root, entity)]
    if (line := _unread_line(snapshot, entity.name, {edit.span.start for edit in edits})) is not None:
        return Refusal(f"Line {line + 1} cannot be read, and may name `{entity.name}`, too. Mend it first.")
    in_prompts = {
        path: tuple(Edit(each.span, name) for each in places)
        for path, places in occurrences_in_prompts(root, entity, files.text).items()
    }
    renamed = Rename(tuple(edits), in_prompts)
    return renamed if _means_the_same(snapshot, entity, name, renamed, files) else Refusal(_NOT_THE_SAME.format(name))


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """A text with edits that do not overlap made in it."""
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


_NOT_THE_SAME = (
    "`{}` cannot be the name everywhere: in conditions, references and placeholders a name consists of letters, digits "
    "and _, and must not be one that means something else there. Choose another name."
)


def _is_declared(root: View | None, entity: Entity) -> bool:
    if entity.kind is EntityKind.FILE:
        return False
    return any(each.access is Access.DECLARES for each in occurrences(root, entity))


def _unread_line(snapshot: Snapshot, name: str, understood: Collection[int]) -> int | None:
    """The first line with the name where it is not understood, nor said in a comment or in a whole value."""
    tree = snapshot.analysis.tree
    if not tree.problems:
        return None
    for found in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", snapshot.text):
        at = found.start()
        if at not in understood and not _is_whole(tree, at) and not _is_comment(tree.lines, at):
            return tree.lines.position(at).line
    return None


def _is_whole(tree: Tree, offset: int) -> bool:
    """Whether a key or a value stands there of which all could be read."""
    cursor = cursor_in(tree.root, offset)
    is_read = cursor is not None and cursor.view.kind is NodeKind.SCALAR and cursor.part is not Part.GAP
    return is_read and not any(problem.span.contains(offset) for problem in tree.problems)


def _is_comment(lines: LineIndex, offset: int) -> bool:
    return re.search(r"(?:^|\s)#", lines.before(offset)) is not None


def _written(root: View, span: Span, name: str) -> str:
    """The name as it is written at a place: in quotes, where a plain value would be something else than text."""
    cursor = cursor_in(root, span.start)
    is_plain = cursor is not None and cursor.view.span == span and cursor.view.style is Style.PLAIN
    return as_yaml(name) if is_plain else name


def _means_the_same(snapshot: Snapshot, entity: Entity, name: str, renamed: Rename, files: Files) -> bool:
    """Whether the new name names, in the new text, exactly what the old one names in the old text."""
    text = apply_edits(snapshot.text, renamed.here)
    root = parse(text, snapshot.analysis.tree).root
    before = sum(_growth(edit) for edit in renamed.here if edit.span.end <= (entity.owner or 0))
    now = Entity(entity.kind, name, None if entity.owner is None else entity.owner + before)
    prompts = {path: apply_edits(files.text(path) or "", edits) for path, edits in renamed.in_prompts.items()}
    found = occurrences_in_prompts(root, now, lambda path: prompts.get(path) or files.text(path))
    return (
        _starts(renamed.here) == _starts_of(each.span for each in occurrences(root, now))
        and {path: _starts(edits) for path, edits in renamed.in_prompts.items()}
        == {path: _starts_of(each.span for each in places) for path, places in found.items()}
        and not occurrences(root, Entity(entity.kind, entity.name, now.owner))
    )


def _growth(edit: Edit) -> int:
    return len(edit.text) - (edit.span.end - edit.span.start)


def _starts(edits: tuple[Edit, ...]) -> list[int]:
    """Where edits stand once all of them are made."""
    ordered = sorted(edits, key=lambda edit: edit.span.start)
    grown = accumulate((_growth(edit) for edit in ordered), initial=0)
    return [edit.span.start + by + edit.text.startswith('"') for edit, by in zip(ordered, grown, strict=False)]


def _starts_of(spans: Iterable[Span]) -> list[int]:
    return sorted(span.start for span in spans)
