"""The values of a run as text: resolved, formatted, cut to a length that all of them can have."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import msgspec
from msgspec import Struct

from engine.json_types import Json
from engine.log.storage.blobs import BlobLostError
from engine.log.values.input_names import is_name
from engine.log.values.input_values import ReferencedValues, ValueLostError
from engine.log.values.large_values import Read, fetched, is_reference
from engine.report.drawing.markup import Element, element

LONGEST_TEXT = 20_000
"""No value is shown with more characters."""

_SHORTEST_LIMIT = 120
_ONE_LINE = 90
SHARED_FROM, SHARED_FROM_IF_BRIEF = 160, 40
"""How long a text must be, so that it is worth a link to where it is already."""

_MOST_IN_VIEW, _MOST_LINES_IN_VIEW = 700, 12
"""Longer values may be cut by their box (page.css), which the keyboard must reach then to scroll it."""


class ValueText(Struct, frozen=True):
    """A value as text: at most its first LONGEST_TEXT characters, and its whole `length`.

    `lost` says why there is no text.
    """

    text: str
    length: int
    lost: str | None = None


_LEFT_OUT = ValueText("", 0, "redacted")


class ValueTexts:
    """Formats logged values. What is behind a reference is formatted once."""

    def __init__(self, values: ReferencedValues, read: Read, *, redacted: bool = False) -> None:
        """`redacted` says that the values are not there, only their names."""
        self._redacted = redacted
        self._values = values
        self._read = read
        self._known: dict[str, ValueText] = {}

    def received(self, logged: Json) -> ValueText:
        """The text of a value in a logged input, which may name one in an earlier line."""
        if self._redacted:
            return _LEFT_OUT
        if not (is_name(logged) or is_reference(logged)):
            return value_text(logged)
        return self._once(f"received {json.dumps(logged)}", lambda: self._values.value(logged))

    def put_out(self, logged: Json) -> ValueText:
        """The text of a value elsewhere in a log: in an output, in args, in the starting state."""
        if self._redacted:
            return _LEFT_OUT
        if not is_reference(logged):
            return value_text(logged)
        return self._once(f"put out {json.dumps(logged)}", lambda: fetched(logged, self._read))

    def _once(self, key: str, value: Callable[[], Json]) -> ValueText:
        if key not in self._known:
            try:
                self._known[key] = value_text(value())
            except (ValueLostError, BlobLostError, ValueError) as error:
                self._known[key] = ValueText("", 0, str(error))
        return self._known[key]


class Shown(Struct, frozen=True):
    """Where a text is on the page: in the details with this `id`, of the node `node_id`, as the value `name`."""

    id: str
    node_id: str
    name: str = ""


class SharedTexts:
    """Where longer texts are on the page, so that they are there only once."""

    def __init__(self, shortest: int = SHARED_FROM) -> None:
        """Texts of at least `shortest` characters are worth a link."""
        self._shortest = shortest
        self._places: dict[str, Shown] = {}

    def place(self, text: ValueText) -> Shown | None:
        """Where the text is already."""
        return self._places.get(text.text) if text.length >= self._shortest else None

    def add(self, text: ValueText, place: Shown) -> None:
        """The text is there now."""
        if text.length >= self._shortest:
            self._places.setdefault(text.text, place)


def value_text(value: Json) -> ValueText:
    """Text verbatim, other values as JSON, on one line if it fits."""
    try:
        text = value if isinstance(value, str) else _json(value)
    except RecursionError:
        return ValueText("", 0, "it is nested too deeply")
    return ValueText(text[:LONGEST_TEXT], len(text))


def fitting_limit(lengths: Iterable[int], budget: int) -> int:
    """The length to which texts of these lengths are to be cut, so that all have at most `budget` characters.

    It is at least 120, and at most LONGEST_TEXT.
    """
    waiting = sorted(lengths)
    left = budget
    for number, length in enumerate(waiting):
        share = left // (len(waiting) - number)
        if length > share:
            return max(_SHORTEST_LIMIT, min(share, LONGEST_TEXT))
        left -= length
    return LONGEST_TEXT


def text_box(shown: ValueText, name: str, limit: int) -> Element:
    """The text, cut to `limit` characters with a note of how many are missing."""
    if shown.lost is not None:
        return element("p", f"not shown: {shown.lost}", class_="note")
    text = shown.text[:limit]
    if shown.length > limit:
        text = f"{text}\n… {shown.length - limit:,} more characters in the log"
    return element("pre", text, **reached_by_keys(text, name))


def reached_by_keys(text: str, name: str) -> dict[str, str]:
    """The attributes of the box of a text: those that let keys scroll it, if it may be taller than its box."""
    if len(text) <= _MOST_IN_VIEW and text.count("\n") <= _MOST_LINES_IN_VIEW:
        return {}
    return {"tabindex": "0", "role": "group", "aria_label": name}


def _json(value: Json) -> str:
    try:
        line = msgspec.json.format(msgspec.json.encode(value), indent=0).decode()
        if len(line) <= _ONE_LINE:
            return line
        return msgspec.json.format(line, indent=2)
    except (ValueError, OverflowError, TypeError):  # lone surrogates, huge numbers
        line = json.dumps(value, ensure_ascii=False)
        return line if len(line) <= _ONE_LINE else json.dumps(value, ensure_ascii=False, indent=2)
