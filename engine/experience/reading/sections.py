"""The lists of an experience (nodes, edges, …) as read items at their places, carried over from text to text.

This is what an edit costs: one look at each item of the list that it is in, and reading the item that it is in.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, Generic

from msgspec import Struct, field
from msgspec.structs import replace

from engine.experience.model import StateField
from engine.experience.problems import Problem
from engine.experience.reading.items import Item, Model, read_field
from engine.experience.source.locate import key_text
from engine.syntax import Green, NodeKind, Span, View
from engine.syntax.green_tree import Broken, Entry, Sequence
from engine.syntax.green_tree import Mapping as MappingNode

_FEW = 8


class Section(Struct, Generic[Model], frozen=True):
    """What stands under one key, such as `graph.nodes`: its items, and for each where it starts and how long it is.

    `view` is None where that is missing or of another shape. `known_whole`: what has no name here has one nowhere.
    Starts are relative to the section, the items' own spans relative to the item.
    """

    view: View | None
    items: tuple[Item[Model], ...] = ()
    starts: tuple[int, ...] = ()
    lengths: tuple[int, ...] = ()
    known_whole: bool = False
    cache: Mapping[Any, Item[Model]] = field(default_factory=dict)

    def place(self, position: int, span: Span) -> Span:
        """A span that is relative to the item at this position, in the text."""
        return span.shift((self.view.start if self.view else 0) + self.starts[position])

    def span(self, position: int) -> Span:
        """Where the item at this position is in the text."""
        return self.place(position, Span(0, self.lengths[position]))

    def spans(self) -> Iterable[Span]:
        """Where the items are in the text."""
        return map(self.span, range(len(self.items)))

    def ids(self) -> Iterator[tuple[str, Span, Span]]:
        """The ids that the items have, each with its place and that of its item."""
        for position, item in enumerate(self.items):
            if item.id:
                yield item.id.text, self.place(position, item.id.span), self.span(position)

    def models(self) -> tuple[Model, ...]:
        """The items that could be read, in order."""
        return tuple([item.model for item in self.items if item.model is not None])

    def problems(self) -> Iterator[Problem]:
        """The problems of the items, at their places in the text."""
        for position, item in enumerate(self.items):
            if item.problems:
                by = self.span(position).start
                yield from (problem.shift(by) for problem in item.problems)


def read_list(
    view: View | None, previous: Section[Model] | None, read: Callable[[View], Item[Model]]
) -> Section[Model]:
    """Read the items of a sequence, each alone; those whose text `previous` has met are taken from there."""
    if view is None or not isinstance(view.green, Sequence):
        return Section(None)
    if previous and previous.view and previous.view.green is view.green:
        return replace(previous, view=view)
    # An edit passes here for every item of the list: hence the green nodes, which are found by identity, and no views.
    parts = [(at, part) for at, part in view.green.items if part.kind is not NodeKind.ERROR]
    cache = _carried_over([part for _, part in parts], previous.cache if previous else {}, read)
    return Section(
        view,
        items=tuple([cache[part] for _, part in parts]),
        starts=tuple([at for at, _ in parts]),
        lengths=tuple([part.length for _, part in parts]),
        known_whole=len(parts) == len(view.green.items),
        cache=cache,
    )


def _carried_over(
    parts: list[Green], before: Mapping[Green, Item[Model]], read: Callable[[View], Item[Model]]
) -> dict[Green, Item[Model]]:
    """Each part with its item: from before if it is the same object or has the same text, else read now."""
    new = [part for part in parts if part not in before]
    # Looking up texts takes the texts of all that was known, so it pays only where much is new: a pasted or
    # reordered list, or a document that can only be parsed as a whole.
    by_text: dict[Hashable, Item[Model]] = {}
    if len(new) > _FEW:
        by_text.update((_source_key(part), item) for part, item in before.items())
    read_now: dict[Green, Item[Model]] = {}
    for part in new:
        known = by_text.get(_source_key(part)) if by_text else None
        read_now[part] = known or read(View(part, 0))
    return {part: read_now.get(part) or before[part] for part in parts} if before else read_now


def read_fields(view: View | None, previous: Section[StateField] | None) -> Section[StateField]:
    """Read the fields of a `state.schema`, each alone, as `read_list` does. Keys that start with `x-` are no fields."""
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
            item = read_field(View(key, 0), None if value is None else View(value, by))
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


def _is_unreadable(entry: Entry) -> bool:
    return isinstance(entry.key, Broken) or isinstance(entry.value, Broken)


def _source_key(green: Green) -> Hashable:
    """See View.source_key."""
    return green.text if green.portable else green
