"""Rename of nodes, fields, phases and args, in the experience and in its prompt files."""

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
    """A span of a text and its replacement."""

    span: Span
    text: str


class Rename(Struct, frozen=True):
    """The edits of a rename: in the document, and in prompt files by path."""

    here: tuple[Edit, ...]
    in_prompts: Mapping[str, tuple[Edit, ...]]


class Refusal(Struct, frozen=True):
    """Why a rename is impossible, as a message for the user."""

    message: str


def renamable_at(snapshot: Snapshot, offset: int) -> Span | None:
    """Return the span of the name at an offset, or None if it is a file or declared nowhere."""
    found = entity_at(snapshot.analysis.tree.root, offset)
    if found is None or not _is_declared(snapshot.analysis.tree.root, found[0]):
        return None
    return found[1]


def rename(snapshot: Snapshot, offset: int, name: str, files: Files) -> Rename | Refusal:
    """Return the edits that rename the entity at `offset` everywhere. Reads prompt files.

    Refused if the name is taken, if it cannot be written in every reference, or if the old name occurs in text that
    cannot be parsed.
    """
    root = snapshot.analysis.tree.root
    found = entity_at(root, offset)
    if root is None or found is None or not _is_declared(root, found[0]):
        return Refusal("Only declared nodes, pipelines, loops, fields, phases and args can be renamed.")
    entity, _ = found
    if _is_declared(root, Entity(entity.kind, name, entity.owner)):
        return Refusal(f"`{name}` already exists. Choose another name.")
    edits = [Edit(each.span, _quoted(root, each.span, name)) for each in occurrences(root, entity)]
    if (line := _unparsed_line(snapshot, entity.name, {edit.span.start for edit in edits})) is not None:
        return Refusal(f"Line {line + 1} cannot be parsed and may refer to `{entity.name}`. Fix it first.")
    in_prompts = {
        path: tuple(Edit(each.span, name) for each in places)
        for path, places in occurrences_in_prompts(root, entity, files.text).items()
    }
    renamed = Rename(tuple(edits), in_prompts)
    is_safe = _refers_to_the_same(snapshot, entity, name, renamed, files)
    return renamed if is_safe else Refusal(_INVALID_NAME.format(name))


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Apply edits that do not overlap."""
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


_INVALID_NAME = (
    "`{}` cannot be used in every reference: names in conditions, references and placeholders consist of letters, "
    "digits and _, and must not be taken there. Choose another name."
)


def _is_declared(root: View | None, entity: Entity) -> bool:
    if entity.kind is EntityKind.FILE:
        return False
    return any(each.access is Access.DECLARES for each in occurrences(root, entity))


def _unparsed_line(snapshot: Snapshot, name: str, known: Collection[int]) -> int | None:
    """Return the first line with the name outside its known offsets, comments, and keys and values that were parsed."""
    tree = snapshot.analysis.tree
    if not tree.problems:
        return None
    for found in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", snapshot.text):
        at = found.start()
        if at not in known and not _is_parsed(tree, at) and not _is_comment(tree.lines, at):
            return tree.lines.position(at).line
    return None


def _is_parsed(tree: Tree, offset: int) -> bool:
    """Return whether the offset is in a key or value without syntax problems."""
    cursor = cursor_in(tree.root, offset)
    is_scalar = cursor is not None and cursor.view.kind is NodeKind.SCALAR and cursor.part is not Part.GAP
    return is_scalar and not any(problem.span.contains(offset) for problem in tree.problems)


def _is_comment(lines: LineIndex, offset: int) -> bool:
    return re.search(r"(?:^|\s)#", lines.before(offset)) is not None


def _quoted(root: View, span: Span, name: str) -> str:
    """Return the name as written at a span: in quotes if a plain value would not be a string."""
    cursor = cursor_in(root, span.start)
    is_plain = cursor is not None and cursor.view.span == span and cursor.view.style is Style.PLAIN
    return as_yaml(name) if is_plain else name


def _refers_to_the_same(snapshot: Snapshot, entity: Entity, name: str, renamed: Rename, files: Files) -> bool:
    """Return whether the new name, in the new text, occurs exactly where the old one does in the old text."""
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
    """Return where edits start once all of them are applied."""
    ordered = sorted(edits, key=lambda edit: edit.span.start)
    grown = accumulate((_growth(edit) for edit in ordered), initial=0)
    return [edit.span.start + by + edit.text.startswith('"') for edit, by in zip(ordered, grown, strict=False)]


def _starts_of(spans: Iterable[Span]) -> list[int]:
    return sorted(span.start for span in spans)
