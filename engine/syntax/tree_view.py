"""Views of a tree: green nodes with absolute positions. Consumers read trees through these only."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator
from typing import Any

from msgspec import Struct

from engine.syntax.green_tree import Alias, Green, Mapping, NodeKind, Sequence, Style, key_of, value_of
from engine.syntax.spans import Span


class EntryView(Struct, frozen=True, gc=False):
    """An entry of a mapping; `value` is None where nothing follows the key."""

    key: View
    value: View | None

    @property
    def span(self) -> Span:
        """From the start of the key to the end of the value, or of the key when there is none."""
        return Span(self.key.start, (self.value or self.key).span.end)


class View(Struct, frozen=True, gc=False):
    """A green node at an absolute start (code points).

    `green` compares and hashes by identity: consumers may cache by it and shift cached spans by `start`.
    """

    green: Green
    start: int

    @property
    def kind(self) -> NodeKind:
        """The kind of the node; an alias is ALIAS, whatever its target."""
        return self.green.kind

    @property
    def style(self) -> Style:
        """How the node is written."""
        return self.green.style

    @property
    def span(self) -> Span:
        """The range of the node's text, with its tag and anchor, without comments and blank lines after it."""
        return Span(self.start, self.start + self.green.length)

    @property
    def text(self) -> str:
        """The source text of the node."""
        return self.green.text

    @property
    def value(self) -> Any:
        """The node as plain data, aliases resolved; computed once, to be read and not changed."""
        return value_of(self.green)

    @property
    def source_key(self) -> Hashable:
        """A key that is equal for nodes of equal text and value: the text, unless the value depends on the context.

        For a node whose value does (an alias, a block scalar with an indentation indicator), it is the green node.
        """
        return self.green.text if self.green.portable else self.green

    @property
    def alias_name(self) -> str | None:
        """The name after `*`, for an alias."""
        return self.green.name if isinstance(self.green, Alias) else None

    def shift(self, by: int) -> View:
        """Return the same green node `by` code points further on."""
        return View(self.green, self.start + by)

    def at_zero(self) -> View:
        """Return the same green node at start 0."""
        return View(self.green, 0)

    def entries(self) -> Iterator[EntryView]:
        """Yield the entries of a mapping in the order of the text, duplicates and those without a value included."""
        if isinstance(self.green, Mapping):
            for position in range(len(self.green.entries)):
                yield self._entry(self.green, position)

    def items(self) -> Iterator[View]:
        """Yield the items of a sequence; an empty item is a NULL of length 0."""
        if isinstance(self.green, Sequence):
            for at, item in self.green.items:
                yield View(item, self.start + at)

    def item(self, position: int) -> View | None:
        """Return the item at a position of a sequence, or None where there is none."""
        if not isinstance(self.green, Sequence) or not 0 <= position < len(self.green.items):
            return None
        at, item = self.green.items[position]
        return View(item, self.start + at)

    def entry(self, key: Hashable) -> EntryView | None:
        """Return the entry of a mapping with this key (the last one, as in its value), or None."""
        if not isinstance(self.green, Mapping):
            return None
        position = _index_of(self.green).get(key)
        return None if position is None else self._entry(self.green, position)

    def get(self, key: Hashable) -> View | None:
        """Return the value under this key, or None when there is no such key or nothing follows it."""
        entry = self.entry(key)
        return entry.value if entry else None

    def find(self, steps: Iterable[str | int]) -> View | None:
        """Return the value at a path of keys and positions; None where nothing is written there, or in an alias."""
        found: View | None = self
        for step in steps:
            if found is None:
                return None
            found = found.item(step) if isinstance(step, int) else found.get(step)
        return found

    def key(self, key: Hashable) -> View | None:
        """Return the key itself, as written, or None when there is no such key."""
        entry = self.entry(key)
        return entry.key if entry else None

    def path_to(self, offset: int) -> tuple[View, ...]:
        """Return the nodes that the offset touches, from this one to the innermost; empty if it is outside."""
        if not self.span.contains(offset):
            return ()
        child = self._child_at(offset)
        return (self, *(child.path_to(offset) if child else ()))

    def _entry(self, mapping: Mapping, position: int) -> EntryView:
        entry = mapping.entries[position]
        value = None if entry.value is None else View(entry.value, self.start + entry.value_at)
        return EntryView(View(entry.key, self.start + entry.key_at), value)

    def _child_at(self, offset: int) -> View | None:
        match self.green:
            case Sequence(items=items):
                position = bisect_right(items, offset - self.start, key=lambda item: item[0]) - 1
                return View(items[position][1], self.start + items[position][0]) if position >= 0 else None
            case Mapping(entries=entries):
                position = bisect_right(entries, offset - self.start, key=lambda entry: entry.key_at) - 1
                if position < 0:
                    return None
                entry = self._entry(self.green, position)
                return entry.value if entry.value and entry.value.start <= offset else entry.key
            case _:
                return None


def _index_of(mapping: Mapping) -> dict[Hashable, int]:
    if mapping.index is None:
        mapping.index = {key_of(entry.key): at for at, entry in enumerate(mapping.entries)}
    return mapping.index
