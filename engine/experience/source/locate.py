"""Maps paths inside a value to spans of the text. No rules about experiences."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct

from engine.experience.source.scalar_offsets import source_span
from engine.expressions import Json
from engine.syntax import NodeKind, Span, View
from engine.syntax.green_tree import Green
from engine.syntax.tree_view import EntryView

Steps = tuple[str | int, ...]

_NOT_ONLY_TEXT = frozenset({"null", "true", "false", "inf", "nan"})
"""Keys of JSON that may be something else than text in YAML. Numbers are no identifiers."""


class Place(Struct, frozen=True):
    """A value in the text, its key if it has one, and the collection that contains it."""

    key: View | None
    value: View | None
    owner: View

    @property
    def span(self) -> Span:
        """The span of the value; of its key if the value is empty; of its owner if neither is written."""
        if self.value is not None and self.value.span.end > self.value.start:
            return self.value.span
        return (self.key or self.owner).span

    @property
    def key_span(self) -> Span:
        """The span of the key, or of the value if it has none."""
        return self.key.span if self.key else self.span


def locate(view: View, steps: Steps) -> Place:
    """Follows a path of `as_json(view.value)` in the text as far as it is written there; it does not enter aliases."""
    place = Place(None, view, view)
    for step in steps:
        inner = _step(place.value, step) if place.value is not None else None
        if inner is None:
            break
        place = inner
    return place


def _is_certain(key: str) -> bool:
    """Checks that a key of JSON can only be this text in YAML."""
    return key.isidentifier() and key not in _NOT_ONLY_TEXT


def _step(view: View, step: str | int) -> Place | None:
    if isinstance(step, int):
        item = view.item(step)
        return Place(None, item, view) if item else None
    if _is_certain(step) and (entry := view.entry(step)) is not None:
        return Place(entry.key, entry.value, view)
    # If a key is written twice, the last one counts, as in the value.
    found = _by_key_text(view.green).get(step)
    return Place(found.key.shift(view.start), found.value and found.value.shift(view.start), view) if found else None


@lru_cache(maxsize=8)
def _by_key_text(green: Green) -> dict[str, EntryView]:
    """The last entry of each key of a mapping that starts at 0; cached, since many lookups may follow."""
    return {key_text(entry.key): entry for entry in View(green, 0).entries()}


def missing_key_span(view: View, steps: Steps) -> Span:
    """The span at which to report a missing key of a mapping: its id, else its own key, else its first key."""
    place = locate(view, steps)
    if place.value is not None and (id_ := place.value.get("id")) is not None and id_.span.end > id_.start:
        return id_.span
    if place.key is not None:
        return place.key.span
    first = next(place.value.entries(), None) if place.value is not None else None
    return first.key.span if first else place.span


def span_inside(scalar: View, span: Span) -> Span:
    """The span in the text of a part of a scalar's value; of the whole scalar if it cannot be found exactly."""
    if scalar.kind is not NodeKind.SCALAR or span.start == span.end:
        return scalar.span
    found = source_span(scalar, span)
    return found.shift(scalar.start) if found else scalar.span


def as_json(value: Any) -> Json:
    """A copy of a YAML value with text keys, as in JSON: `1: x` is `{"1": "x"}`."""
    if isinstance(value, dict):
        return {_key(key): as_json(member) for key, member in value.items()}
    if isinstance(value, list):
        return [as_json(member) for member in value]
    return value  # type: ignore[no-any-return]


def texts(value: Json, steps: Steps = ()) -> Iterator[tuple[Steps, str]]:
    """The texts in a value, at any depth, each with its path."""
    if isinstance(value, str):
        yield steps, value
        return
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, member in members:
        if isinstance(member, str):
            yield (*steps, step), member
        elif isinstance(member, (dict, list)):
            yield from texts(member, (*steps, step))


def key_text(key: View) -> str:
    """The text of a mapping's key, as in JSON."""
    kind = key.kind
    is_value = kind is NodeKind.SCALAR or kind is NodeKind.NULL or kind is NodeKind.ALIAS
    return _key(key.value) if is_value else key.text


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    if key is None:
        return "null"
    return str(key).lower() if isinstance(key, bool) else str(key)
