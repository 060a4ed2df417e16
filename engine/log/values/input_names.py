"""Replaces input values by names of equal values in earlier lines, so that a log grows only with what is new.

`{"$at": "12/stateDelta/found"}` is the value `found` of `stateDelta` in the line with `seq` 12. With `more`, a list or
an object, it is that value extended by `more`. `{"$at": null, "more": v}` is `v`, if `v` itself looks like a name.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from operator import is_

from msgspec import UNSET

from engine.json_types import Json
from engine.log.events.events import Event, Input, NodeCached, NodeCompleted, RunStarted
from engine.log.values.large_values import is_reference

_SHORT_TEXT = 64
_SHORT_SIZE = 4
_REMEMBERED = 64
_CANDIDATES = 4

_Known = tuple[Json, str]
"""A value and its name. The reference to the value keeps its `id()` unique."""


class InputNames:
    """Names the values of one log, whose events it gets in order. It recognises values by identity."""

    def __init__(self) -> None:
        self._produced: dict[int, _Known] = {}
        self._received: OrderedDict[int, _Known] = OrderedDict()
        self._candidates: dict[str, deque[_Known]] = {}

    def learn(self, seq: int, event: Event) -> None:
        """Learn the values of `event`, which is in the line `seq`."""
        if isinstance(event, RunStarted):
            self._learn(seq, "args", event.args)
            self._learn(seq, "state", event.state)
        elif isinstance(event, (NodeCompleted, NodeCached)) and event.output is not None:
            self._learn(seq, "stateDelta", event.output.state_delta)
            edge = event.output.edge_output
            if edge is not UNSET and not _is_short(edge) and not is_name(edge):
                self._produced[id(edge)] = edge, f"{seq}/edgeOutput"

    def named(self, seq: int, received: Input) -> Input:
        """`received`, which will be in the line `seq`, with names for values in earlier lines."""
        return Input(
            self._fields(seq, "args", received.args),
            self._fields(seq, "given", received.given),
            self._fields(seq, "reads", received.reads),
            self._fields(seq, "edges", received.edges),
            UNSET if received.item is UNSET else self._name("item", received.item, f"{seq}/item"),
        )

    def _learn(self, seq: int, section: str, values: Mapping[str, Json]) -> None:
        for name, value in values.items():
            if not _is_short(value) and not is_name(value):  # values that look like names are never named
                self._produced[id(value)] = value, f"{seq}/{section}/{name}"

    def _fields(self, seq: int, section: str, values: Mapping[str, Json]) -> Mapping[str, Json]:
        if not values:
            return values
        return {name: self._name(name, value, f"{seq}/{section}/{name}") for name, value in values.items()}

    def _name(self, name: str, value: Json, here: str) -> Json:
        if _is_short(value):
            return value
        known = self._produced.get(id(value)) or self._received.get(id(value))
        if known is not None:
            return {"$at": known[1]}
        candidates = self._candidates.setdefault(name, deque(maxlen=_CANDIDATES))
        named = next((found for old in candidates if (found := _extension(old, value)) is not None), None)
        self._remember((value, here), candidates)
        if named is not None:
            return named
        return {"$at": None, "more": value} if is_name(value) or is_reference(value) else value

    def _remember(self, known: _Known, candidates: deque[_Known]) -> None:
        candidates.appendleft(known)
        self._received[id(known[0])] = known
        if len(self._received) > _REMEMBERED:
            self._received.popitem(last=False)


def is_name(value: Json) -> bool:
    """Whether a logged input value is a name."""
    return isinstance(value, dict) and "$at" in value


def _is_short(value: Json) -> bool:
    """Whether a value is hardly longer than a name."""
    if isinstance(value, str):
        return len(value) <= _SHORT_TEXT
    if isinstance(value, list):
        return len(value) <= _SHORT_SIZE and all(map(_is_atom, value))
    if isinstance(value, dict):
        return len(value) <= _SHORT_SIZE and all(map(_is_atom, value.values())) and not value.keys() & {"$at", "$blob"}
    return True


def _is_atom(value: Json) -> bool:
    return not isinstance(value, (list, dict)) and not (isinstance(value, str) and len(value) > _SHORT_TEXT // 4)


def _extension(known: _Known, new: Json) -> Json:
    """The name of `new` if it equals or extends the known value; else None."""
    old, place = known
    if isinstance(old, list) and isinstance(new, list):
        if old and len(old) <= len(new) and all(map(is_, old, new)):
            return {"$at": place, "more": new[len(old) :]} if len(new) > len(old) else {"$at": place}
    elif isinstance(old, dict) and isinstance(new, dict):
        if old and old.keys() <= new.keys():
            more = {key: value for key, value in new.items() if key not in old or not _is_same(old[key], value)}
            if len(more) < len(new):
                return {"$at": place, "more": more} if more else {"$at": place}
    elif old == new and type(old) is type(new):
        return {"$at": place}
    return None


def _is_same(left: Json, right: Json) -> bool:
    """Equality that distinguishes true from 1, and is fast for identical objects."""
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_is_same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_is_same(value, right[key]) for key, value in left.items())
    return left == right
