"""Reads the lists of an experience (nodes, edges, …) into items at their places, reusing unchanged items.

An edit costs one lookup for each item of its list, and reading the item that it is in.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, Generic

from msgspec import Struct, field
from msgspec.structs import replace

from engine.experience.model import StateField
from engine.experience.problems import Problem
from engine.experience.reading.items import Item, Model, read_field
from engine.experience.reading.unloggable import unloggable_in_item
from engine.experience.source.locate import key_text
from engine.syntax import Green, NodeKind, Span, View
from engine.syntax.green_tree import Broken, Entry, Sequence
from engine.syntax.green_tree import Mapping as MappingNode

_FEW = 8


class Section(Struct, Generic[Model], frozen=True):
    """The items under a key such as `graph.nodes`, with the start and length of each.

    `view` is None if the key is missing or of the wrong type. `known_whole`: all of it could be read, so a name that is
    not here is not declared. Starts are relative to the section, spans in items to the item.
    """

    view: View | None
    items: tuple[Item[Model], ...] = ()
    starts: tuple[int, ...] = ()
    lengths: tuple[int, ...] = ()
    known_whole: bool = False
    cache: Mapping[Any, Item[Model]] = field(default_factory=dict)

    def place(self, position: int, span: Span) -> Span:
        """A span relative to the item at a position, as a span of the text."""
        return span.shift((self.view.start if self.view else 0) + self.starts[position])

    def span(self, position: int) -> Span:
        """The span of the item at a position."""
        return self.place(position, Span(0, self.lengths[position]))

    def spans(self) -> Iterable[Span]:
        """The spans of the items."""
        return map(self.span, range(len(self.items)))

    def ids(self) -> Iterator[tuple[str, Span, Span]]:
        """The ids of the items, each with its span and the span of its item."""
        for position, item in enumerate(self.items):
            if item.id:
                yield item.id.text, self.place(position, item.id.span), self.span(position)

    def models(self) -> tuple[Model, ...]:
        """The models of the items that could be read, in order."""
        return tuple([item.model for item in self.items if item.model is not None])

    def problems(self) -> Iterator[Problem]:
        """The problems of the items, with spans of the text."""
        for position, item in enumerate(self.items):
            if item.problems:
                by = self.span(position).start
                yield from (problem.shift(by) for problem in item.problems)


def read_list(
    view: View | None, previous: Section[Model] | None, read: Callable[[View], Item[Model]]
) -> Section[Model]:
    """Reads each item of a sequence on its own, reusing the items of `previous` whose text is unchanged."""
    if view is None or not isinstance(view.green, Sequence):
        return Section(None)
    if previous and previous.view and previous.view.green is view.green:
        return replace(previous, view=view)
    # Every edit gets here for every item of its list, hence green nodes, which are found by identity, without views.
    parts = [(at, part) for at, part in view.green.items if part.kind is not NodeKind.ERROR]
    cache = _reused([part for _, part in parts], previous.cache if previous else {}, read)
    return Section(
        view,
        items=tuple([cache[part] for _, part in parts]),
        starts=tuple([at for at, _ in parts]),
        lengths=tuple([part.length for _, part in parts]),
        known_whole=len(parts) == len(view.green.items),
        cache=cache,
    )


def _reused(
    parts: list[Green], before: Mapping[Green, Item[Model]], read: Callable[[View], Item[Model]]
) -> dict[Green, Item[Model]]:
    """The item of each part: from `before` if it is the same object or has the same text, else read now."""
    new = [part for part in parts if part not in before]
    # A lookup by text hashes all known texts, so it pays off only if much is new: a pasted or reordered list, or a
    # document that can only be parsed as a whole.
    by_text: dict[Hashable, Item[Model]] = {}
    if len(new) > _FEW:
        by_text.update((_source_key(part), item) for part, item in before.items())
    read_now: dict[Green, Item[Model]] = {}
    for part in new:
        known = by_text.get(_source_key(part)) if by_text else None
        view = View(part, 0)
        read_now[part] = known or _with(unloggable_in_item(view), read(view))
    return {part: read_now.get(part) or before[part] for part in parts} if before else read_now


def read_fields(view: View | None, previous: Section[StateField] | None) -> Section[StateField]:
    """Reads each field of a `state.schema` on its own, like `read_list`. Keys that start with `x-` are not fields."""
    if view is None or not isinstance(view.green, MappingNode):
        return Section(None)
    if previous and previous.view and previous.view.green is view.green:
        return replace(previous, view=view)
    before = previous.cache if previous else {}
    cache: dict[Hashable, Item[StateField]] = {}
    entries = [entry for entry in view.green.entries if not _is_unreadable(entry)]
    items, starts, lengths = [], [], []
    for entry in entries:
        key, value = entry.key, entry.value
        if key_text(View(key, 0)).startswith("x-"):
            continue
        by = entry.value_at - entry.key_at
        known_as = (_source_key(key), None if value is None else _source_key(value), by)
        item = cache.get(known_as) or before.get(known_as)
        if item is None:
            name, rules = View(key, 0), None if value is None else View(value, by)
            item = _with(unloggable_in_item(*filter(None, (name, rules))), read_field(name, rules))
        cache[known_as] = item
        items.append(item)
        starts.append(entry.key_at)
        lengths.append(key.length if value is None else by + value.length)
    return Section(
        view,
        items=tuple(items),
        starts=tuple(starts),
        lengths=tuple(lengths),
        known_whole=len(entries) == len(view.green.entries),
        cache=cache,
    )


def _with(more: Iterator[Problem], item: Item[Model]) -> Item[Model]:
    added = tuple(more)
    return replace(item, problems=(*item.problems, *added)) if added else item


def _is_unreadable(entry: Entry) -> bool:
    return isinstance(entry.key, Broken) or isinstance(entry.value, Broken)


def _source_key(green: Green) -> Hashable:
    """See View.source_key."""
    return green.text if green.portable else green
