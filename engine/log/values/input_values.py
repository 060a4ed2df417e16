"""Resolves the names in logged inputs (engine.log.values.input_names) and references to blobs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import cast

from msgspec import UNSET
from msgspec.structs import replace

from engine.json_types import Json
from engine.log.events.events import (
    Event,
    Input,
    NodeCached,
    NodeCompleted,
    NodeFailed,
    NodeStarted,
    Record,
    RunStarted,
    Scope,
)
from engine.log.storage.blobs import BlobLostError
from engine.log.values.input_names import is_name
from engine.log.values.large_values import Read, fetched, is_reference

_SEQ = re.compile("[0-9]{1,15}")


class ValueLostError(LookupError):
    """A value is missing where the log refers to it. The message is for the user."""


class ReferencedValues:
    """Resolves the values in one log. `event_of` returns its event with a `seq`, `read` the contents of blobs."""

    def __init__(self, event_of: Callable[[int], Event | None], read: Read) -> None:
        self._event_of = event_of
        self._read = read

    def whole(self, received: Input) -> Input:
        """The input with all names and references resolved. Raises ValueLostError."""
        return replace(
            received,
            args=self._fields(received.args),
            given=self._fields(received.given),
            reads=self._fields(received.reads),
            edges=self._fields(received.edges),
            item=UNSET if received.item is UNSET else self.value(received.item),
        )

    def value(self, logged: Json) -> Json:
        """The value that `logged` is or refers to. Raises ValueLostError."""
        added: list[Json] = []
        before: float = math.inf
        seen: set[str] = set()
        while True:  # not recursive: a list may have been extended a thousand times
            if is_reference(logged):
                logged = self._fetched(logged)
            if not is_name(logged):
                break
            name = cast("dict[str, Json]", logged)
            if name["$at"] is None:
                logged = name.get("more")
                break
            if "more" in name:
                added.append(name["more"])
            place = str(name["$at"])
            if place in seen:
                raise ValueLostError(f"{place} refers to itself")
            seen.add(place)
            logged, before = self._at(place, before)
        return _joined(logged, added[::-1]) if added else logged

    def _fetched(self, reference: Json) -> Json:
        try:
            return fetched(reference, self._read)
        except (BlobLostError, ValueError) as error:
            raise ValueLostError(str(error)) from error

    def _fields(self, values: Mapping[str, Json]) -> dict[str, Json]:
        return {name: self.value(value) for name, value in values.items()}

    def _at(self, place: str, before: float) -> tuple[Json, int]:
        """The value at `place`, in a line not after the one with that `seq`, and the seq of its line."""
        written, section, name = (*place.split("/", 2), "", "")[:3]
        seq = int(written) if _SEQ.fullmatch(written) else -1
        event = self._event_of(seq) if seq <= before else None
        values = _sections(event).get(section) if event is not None else None
        if values is None or name not in values:
            raise ValueLostError(f"the log no longer holds {place}")
        return values[name], seq


class InputValues(ReferencedValues):
    """The inputs in one log, of which all records so far are given; `read` returns the contents of blobs."""

    def __init__(self, records: Iterable[Record], read: Read) -> None:
        self._events: dict[int, Event] = {}
        super().__init__(self._events.get, read)
        self._starts: dict[tuple[str, tuple[Scope, ...]], NodeStarted] = {}
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """Add the next record of the log."""
        event = record.event
        self._events[record.seq] = event
        if isinstance(event, NodeStarted) and event.attempt_id is not None:
            self._starts[event.node_id, event.scope] = event

    def behind(self, end: NodeCached | NodeCompleted | NodeFailed) -> Input | None:
        """The input of an execution, with names unresolved; None if the log does not have it."""
        if isinstance(end, NodeCached):
            return end.input
        started = self._starts.get((end.node_id, end.scope))
        return started.input if started is not None else None


def _joined(whole: Json, parts: list[Json]) -> Json:
    if isinstance(whole, list):
        return [*whole, *(element for part in parts if isinstance(part, list) for element in part)]
    if isinstance(whole, dict):
        return {key: value for part in (whole, *parts) if isinstance(part, dict) for key, value in part.items()}
    raise ValueLostError("the log adds to a value that nothing can be added to")


def _sections(event: Event) -> Mapping[str, Mapping[str, Json]]:
    """The values that can be named in an event, by section and name; those without a name are under an empty one."""
    if isinstance(event, RunStarted):
        return {"args": event.args, "state": event.state}
    sections: dict[str, Mapping[str, Json]] = {}
    received = event.input if isinstance(event, (NodeStarted, NodeCached)) else None
    if received is not None:
        sections |= {"args": received.args, "given": received.given, "reads": received.reads, "edges": received.edges}
        if received.item is not UNSET:
            sections["item"] = {"": received.item}
    if isinstance(event, (NodeCompleted, NodeCached)) and event.output is not None:
        sections["stateDelta"] = event.output.state_delta
        if event.output.edge_output is not UNSET:
            sections["edgeOutput"] = {"": event.output.edge_output}
    return sections
