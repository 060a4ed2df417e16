"""Index of entities: which one an offset refers to, and everywhere it is declared, written or read."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import lru_cache

from msgspec import Struct

from engine.experience.checks.named_files import split_impl
from engine.experience.source.locate import Steps, key_text
from engine.syntax import Green, NodeKind, Span, View
from oe_lsp.ide.document.cursor import Cursor, Part, cursor_in, path_is
from oe_lsp.ide.document.items import MAX_CACHED, NODES, Item, items, items_at, text_at
from oe_lsp.ide.names.symbol_references import (
    EntityKind,
    Mention,
    is_prompt_file,
    mentions_in_prompt,
    mentions_of_key,
    mentions_of_value,
)

_WRITES = ("graph.nodes.*.writes.*", "graph.nodes.*.outputs.*", "graph.nodes.*.schema.properties.*")


class Access(Enum):
    """How an occurrence uses its entity."""

    DECLARES = "declares"
    WRITES = "writes"
    READS = "reads"


class Entity(Struct, frozen=True):
    """Something with a name. `owner` is the start of the node that an arg belongs to, None for all else.

    A file's name is its path from the experience's folder, without a function.
    """

    kind: EntityKind
    name: str
    owner: int | None = None


class Occurrence(Struct, frozen=True):
    """A place that names an entity; `span` covers just the name."""

    span: Span
    access: Access


class ItemMention(Struct, frozen=True):
    """An occurrence in an item, relative to the item's start."""

    kind: EntityKind
    name: str
    span: Span
    access: Access


def entity_at(root: View | None, offset: int) -> tuple[Entity, Span] | None:
    """Return the entity named at an offset and the span of its name, or None."""
    cursor = cursor_in(root, offset)
    if cursor is None or cursor.part is Part.GAP:
        return None
    mention = next((mention for mention in _mentions_at(cursor) if mention.span.contains(offset)), None)
    if mention is None:
        return None
    is_own = mention.kind is EntityKind.NODE_ARG and cursor.item is not None
    owner = cursor.item.start if cursor.item and is_own else None
    return Entity(mention.kind, _name(mention), owner), mention.span


def occurrences(root: View | None, entity: Entity) -> tuple[Occurrence, ...]:
    """Return every occurrence of an entity in the document, in the order of the text."""
    found = [
        Occurrence(named.span.shift(item.view.start), named.access)
        for item in items(root)
        if entity.owner in (None, item.view.start)
        for named in mentions_in_item(item)
        if named.name == entity.name and named.kind is entity.kind
    ]
    return tuple(sorted(found, key=lambda each: each.span.start))


def mentions_in_item(item: Item) -> tuple[ItemMention, ...]:
    """Return all mentions in an item, relative to its start."""
    return _named(item.view.green, item.place)


def prompt_files(root: View | None) -> Iterator[tuple[View, str]]:
    """Yield the nodes whose prompt is in a file, with its path."""
    for item in items_at(root, NODES):
        prompt = text_at(item.view, "prompt")
        if prompt is not None and is_prompt_file(prompt):
            yield item.view, posixpath.normpath(prompt.strip())


def occurrences_in_prompts(
    root: View | None, entity: Entity, text_of: Callable[[str], str | None]
) -> dict[str, tuple[Occurrence, ...]]:
    """Return the occurrences of an entity in prompt files, by path. `text_of` reads a file."""
    found: dict[str, dict[Span, Occurrence]] = {}
    if entity.kind is EntityKind.FILE:
        return {}
    for node, path in prompt_files(root):
        text = text_of(path) if entity.owner in (None, node.start) else None
        for mention in mentions_in_prompt(text, node) if text and entity.name in text else ():
            if mention.kind is entity.kind and mention.name == entity.name:
                found.setdefault(path, {})[mention.span] = Occurrence(mention.span, Access.READS)
    return {path: tuple(places.values()) for path, places in found.items()}


def _mentions_at(cursor: Cursor) -> Iterable[Mention]:
    if cursor.part is Part.KEY:
        return mentions_of_key(cursor.steps, cursor.view, cursor.item)
    return mentions_of_value(cursor.steps, cursor.view, cursor.item)


@lru_cache(maxsize=MAX_CACHED)
def _named(green: Green, place: Steps) -> tuple[ItemMention, ...]:
    view = View(green, 0)
    return tuple(_walk(place, view, view if place == NODES else None))


def _walk(steps: Steps, view: View, node: View | None) -> Iterator[ItemMention]:
    if view.kind is NodeKind.SCALAR:
        yield from (_as_named(mention, steps) for mention in mentions_of_value(steps, view, node))
    for entry in view.entries():
        inner = (*steps, key_text(entry.key))
        yield from (_as_named(mention, inner) for mention in mentions_of_key(inner, entry.key, node))
        if entry.value is not None:
            yield from _walk(inner, entry.value, node)
    for item in view.items():
        yield from _walk((*steps, 0), item, node)


def _as_named(mention: Mention, steps: Steps) -> ItemMention:
    return ItemMention(mention.kind, _name(mention), mention.span, _access(mention, steps))


def _access(mention: Mention, steps: Steps) -> Access:
    if mention.declares:
        return Access.DECLARES
    return Access.WRITES if mention.kind is EntityKind.FIELD and _is_written(steps) else Access.READS


@lru_cache(maxsize=1024)
def _is_written(steps: Steps) -> bool:
    return any(path_is(steps, pattern) for pattern in _WRITES)


def _name(mention: Mention) -> str:
    if mention.kind is not EntityKind.FILE:
        return mention.name
    return posixpath.normpath(split_impl(mention.name.strip())[0])
